// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/machine.h"
#include "base/text.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

// Which version answers. The time series before it ends with the first scrape after a change.
void append_slot(std::vector<monitor::Metrics::Gauge>& gauges, const Slot& slot) {
  constexpr std::size_t kLongest = 256;
  if (slot.model == nullptr) return;
  const model::Provenance& provenance = slot.model->model().provenance();
  std::string library = provenance.library;
  for (const std::string& version : provenance.versions) library += ' ' + printable(version);
  std::string labels = monitor::label("model", printable(slot.name));
  labels += "," + monitor::label("version", printable(slot.model->options().version));
  labels += "," + monitor::label("wanted", printable(slot.wanted));
  labels += "," + monitor::label("library", library);
  labels += "," + monitor::label("chain", printable(slot.model->model().chain(), kLongest));
  labels += "," + monitor::label("proof", model::proof_name(slot.model->options().proof));
  gauges.push_back({"slipway_model_info", "The models being served.", false, 1, std::move(labels)});
}

}  // namespace

Result<http::Response> metrics(const http::Request&, Context& context) {
  const Service& service = context.service;
  const ProcessUsage usage = process_usage();
  std::vector<monitor::Metrics::Gauge> gauges = {
      {"process_cpu_seconds_total", "User and system time.", true, usage.cpu_seconds},
      {"process_resident_memory_bytes", "Resident memory.", false, double(usage.resident_bytes)},
      {"process_virtual_memory_bytes", "Virtual memory.", false, double(usage.virtual_bytes)},
      {"process_open_fds", "Open file descriptors.", false, double(usage.open_descriptors)},
      {"process_max_fds", "Most file descriptors that may be open.", false, double(usage.most_descriptors)},
      {"process_start_time_seconds", "When the process started, since 1970.", false, usage.start_time_s},
      {"slipway_ready", "1 while traffic may be sent here.", false, service.ready() ? 1.0 : 0.0},
      {"slipway_log_dropped_total", "Log lines that were dropped.", true, double(service.log().dropped())},
  };
  if (service.gauges) service.gauges(gauges);
  for (const Slot& slot : context.worker.snapshot().slots()) append_slot(gauges, slot);
  service.metrics().render(context.worker.out, gauges);
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = context.worker.out;
  return response;
}

}  // namespace slipway::serve
