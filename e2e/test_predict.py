# SPDX-License-Identifier: Apache-2.0
"""POST /predict, as docs and design promise it. The numbers are the library's (examples/churn/expected.json)."""
import json

import pytest

EXACT = 1e-12  # relative; exp of two C libraries may differ in the last bit


def probability(value):
    return pytest.approx(value, rel=EXACT)


def test_one_record_gives_one_object(churn, customer, expected):
    reply = churn.predict(customer)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json == {"prediction": expected[0]["prediction"], "probability": probability(expected[0]["probability"]),
                          "model": "churn"}
    assert list(reply.json) == ["prediction", "probability", "model"]


def test_every_known_customer_gets_the_librarys_answer(churn, expected):
    assert len(expected) > 20
    for case in expected:
        got = churn.predict(case["input"]).json
        assert (got["prediction"], got["probability"]) == (case["prediction"], probability(case["probability"]))


def test_a_list_of_records_gives_predictions_in_order(churn, expected):
    reply = churn.predict([case["input"] for case in expected])
    assert reply.status == 200
    assert reply.json == {"predictions": [{"prediction": case["prediction"], "probability": probability(case["probability"])}
                                          for case in expected], "model": "churn"}


def test_a_list_of_one_is_still_a_list(churn, customer):
    assert len(churn.predict([customer]).json["predictions"]) == 1


def test_columns_give_predictions(churn, expected):
    columns = {name: [case["input"][name] for case in expected] for name in expected[0]["input"]}
    reply = churn.predict(columns)
    assert reply.status == 200
    assert [p["probability"] for p in reply.json["predictions"]] == [probability(case["probability"]) for case in expected]


def test_the_order_of_fields_does_not_matter(churn, customer, expected):
    backwards = dict(reversed(list(customer.items())))
    assert churn.predict(backwards).json["probability"] == probability(expected[0]["probability"])


def test_two_is_two_point_zero(churn, customer):
    assert churn.predict({**customer, "tenure": 24.0}).json == churn.predict({**customer, "tenure": 24}).json


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", None])
def test_any_content_type_is_taken(churn, customer, content_type):
    headers = {"Content-Type": content_type} if content_type else {"X-Nothing": "1"}
    assert churn.predict(customer, headers=headers).status == 200


def test_a_slip_of_the_pen_is_refused_with_what_was_meant(churn, customer):
    record = {("Tenure" if name == "tenure" else name): value for name, value in customer.items()}
    reply = churn.predict(record)
    assert reply.status == 422
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json
    assert problem["type"] == "/problems/contract"
    assert problem["status"] == 422 and problem["title"] and problem["model"] == "churn"
    assert problem["detail"] == 'unknown field "Tenure"; did you mean "tenure"?'
    assert problem["error"] == problem["detail"]
    assert {"path": "/Tenure", "code": "unknown_field", "nearest": "tenure"}.items() <= problem["errors"][0].items()
    assert problem["request_id"] == reply.headers["X-Request-Id"]


def test_the_example_of_a_refusal_passes_in_strict_mode(serve, customer):
    server = serve(flags=["--contract", "strict"])
    refused = server.predict({"tenur": 24})
    assert refused.status == 422
    answer = server.predict(refused.json["example"])
    assert answer.status == 200 and "warnings" not in answer.json


def test_all_errors_of_a_record_come_at_once(churn, customer):
    wrong = {"Tenure": 24, "Contract": "month-to-month", "monthlycharges": "cheap"}
    record = {name: value for name, value in customer.items() if name not in ("tenure", "contract", "monthlycharges")}
    errors = churn.predict({**record, **wrong}).json["errors"]
    assert {error["path"] for error in errors} >= {"/Tenure", "/Contract", "/monthlycharges"}


def test_at_most_twenty_errors_are_listed(churn):
    reply = churn.predict([{"tenure": "x"}] * 500)
    assert reply.status == 422
    assert 1 <= len(reply.json["errors"]) <= 20


def test_a_batch_error_says_which_row(churn, customer):
    reply = churn.predict([customer, {**customer, "tenure": "x"}])
    assert reply.status == 422
    assert reply.json["errors"][0]["path"] == "/1/tenure"


def test_on_error_row_answers_the_good_rows(churn, customer, expected):
    reply = churn.predict([customer, {**customer, "tenure": "x"}, customer], path="/predict?on_error=row")
    assert reply.status == 200
    first, second, third = reply.json["predictions"]
    assert first == third and first["probability"] == probability(expected[0]["probability"])
    assert second["errors"] and "probability" not in second


def test_a_missing_field_is_answered_with_a_warning(churn, customer):
    record = {name: value for name, value in customer.items() if name != "techsupport"}
    reply = churn.predict(record)
    assert reply.status == 200
    assert [(w["code"], w["field"]) for w in reply.json["warnings"]] == [("missing_field", "techsupport")]


def test_null_is_missing(churn, customer):
    reply = churn.predict({**customer, "techsupport": None})
    assert [(w["code"], w["field"]) for w in reply.json["warnings"]] == [("missing_field", "techsupport")]


def test_an_unseen_category_is_answered_with_a_warning_and_its_neighbour(churn, customer):
    reply = churn.predict({**customer, "contract": "month_to_month"})
    assert reply.status == 200
    (warning,) = reply.json["warnings"]
    assert (warning["code"], warning["field"], warning.get("nearest")) == ("unseen_category", "contract", "month-to-month")


def test_an_unknown_field_far_from_all_is_ignored(churn, customer, expected):
    reply = churn.predict({**customer, "favourite_colour": "green"})
    assert reply.status == 200
    assert reply.json["probability"] == probability(expected[0]["probability"])


@pytest.mark.parametrize("change", [{"favourite_colour": "green"}, {"techsupport": None}, {"contract": "weekly"}, {"tenure": "x"}])
def test_strict_refuses_every_deviation_and_ignore_none(serve, customer, change):
    assert serve(flags=["--contract", "strict"]).predict({**customer, **change}).status == 422
    assert serve(flags=["--contract", "ignore"]).predict({**customer, **change}).status == 200


@pytest.mark.parametrize("body", [
    b"", b"{", b"tenure=24", b'{"tenure":24,}', b'{"tenure":NaN}', b"{'tenure':24}", b'{"tenure":24} {}', b'{"tenure":024}',
    b'{"tenure":"\xff"}', b'{"tenure":24,"notes":tru}', b'{"tenure":24,"notes":[1,}}', b"\xef\xbb\xbf\x00",
])
def test_what_is_not_json_is_400_and_says_so(churn, body):
    reply = churn.predict(body)
    assert reply.status == 400, reply
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json["status"] == 400
    assert "not JSON" in reply.json["detail"] or "empty" in reply.json["detail"]


@pytest.mark.parametrize("body", ["24", '"text"', "true", "null", "[1,2,3]", "[[1,2,3]]", '[{"tenure":1},2]'])
def test_json_that_is_no_record_is_a_422(churn, body):
    reply = churn.predict(body)
    assert reply.status == 422, reply
    assert reply.json["type"] == "/problems/contract"


def test_deep_json_is_refused(churn):
    assert churn.predict('{"tenure":' + "[" * 100_000 + "]" * 100_000 + "}").status == 413


def test_a_text_above_its_limit_is_413(churn, customer):
    assert churn.predict({**customer, "contract": "x" * (64 * 1024 + 1)}).status == 413


def test_a_body_above_its_limit_is_413(churn):
    reply = churn.raw(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8388609\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 413 ")


def test_too_many_rows_are_413(serve, customer):
    server = serve(flags=["--rows", "10"])
    assert server.predict([customer] * 10).status == 200
    assert server.predict([customer] * 11).status == 413


def test_a_large_batch_is_answered(churn, customer, expected):
    reply = churn.predict([customer] * 10_000)
    assert reply.status == 200
    answers = reply.json["predictions"]
    assert len(answers) == 10_000
    assert {answer["probability"] for answer in answers} == {answers[0]["probability"]}


def test_the_callers_request_id_comes_back_and_a_bad_one_does_not(churn, customer):
    body = json.dumps(customer)
    assert churn.predict(body, headers={"X-Request-Id": "order-17.a_B"}).headers["X-Request-Id"] == "order-17.a_B"
    for bad in ("two words", 'quote"', "x" * 129):
        got = churn.predict(body, headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert got and got != bad


def test_the_log_has_a_line_a_request(serve, customer):
    server = serve()
    server.predict({**customer, "contract": "weekly"}, headers={"X-Request-Id": "logged-1"})
    (line,) = server.log_lines(1, lambda line: line.get("request_id") == "logged-1")
    assert line["level"] == "info" and line["msg"] == "request" and line["ts"].endswith("Z")
    assert (line["route"], line["status"], line["model"], line["rows"]) == ("/predict", 200, "churn", 1)
    assert line["warnings"] == {"unseen_category": 1}
    assert line["client"] == "127.0.0.1"
    assert line["bytes"][0] == len(json.dumps({**customer, "contract": "weekly"}))
    assert set(line["us"]) == {"queue", "model", "total"}
