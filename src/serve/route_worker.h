// SPDX-License-Identifier: Apache-2.0
// What one thread that answers has to itself: the snapshot it answers from, and buffers that are reused from request to
// request. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/plan.h"
#include "monitor/metrics.h"
#include "serve/body.h"
#include "serve/contract.h"
#include "serve/http/handler.h"
#include "serve/snapshot.h"

namespace slipway::serve {

class Service;

// What one worker needs for one model.
struct Room {
  BodyReader reader;
  engine::Plan::ScratchPtr scratch;
  monitor::Metrics::ModelShard& shard;
};

// The snapshot that a worker answers from, and a room for each slot of it that was asked for.
struct Seat {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::unique_ptr<Room>> rooms;
};

// Made by ServiceHandler::make_worker().
class RouteWorker : public http::Worker {
 public:
  explicit RouteWorker(const Service& service);

  // The snapshot to answer from; it stays the same during a request.
  const Snapshot& snapshot() const { return *seat_->snapshot; }
  // The room for a slot of the snapshot. REQUIRES: the slot has a model.
  Room& room(std::size_t slot);
  // Takes up the service's snapshot.
  void refresh();

  Findings findings;
  engine::Answer answer;
  std::string out;   // the body of the response
  std::string line;  // the log's
  std::string id;    // of the request
  monitor::Metrics::Shard& shard;
  Log::Writer& log;
  Timestamp timestamp;
  WallClock wall;

  struct LogSubject {  // of the request logged last, and what it was made of
    std::size_t route = 0, rows = 0;
    std::uint64_t model = 0;
    int status = 0;
    http::Method method = http::Method::kOther;
    std::string client, text;
  };
  LogSubject log_subject;

  // What this request did, for the log.
  const ServedModel* model = nullptr;  // that was asked; nullptr: none
  monitor::Metrics::ModelShard* model_shard = nullptr;
  std::size_t rows = 0;
  std::uint64_t model_ns = 0;
  http::Clock::time_point model_end;     // when the last row was run; the epoch if none was
  std::vector<std::uint32_t> predicted;  // the labels of the rows answered, target after target; 0 for a regressor

  // A fresh request id: 16 hexadecimal digits.
  void make_id();

 private:
  const Service& service_;
  std::unique_ptr<Seat> seat_;
  std::uint64_t next_id_;
};

}  // namespace slipway::serve
