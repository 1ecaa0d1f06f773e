// SPDX-License-Identifier: Apache-2.0
#include "serve/snapshot.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

#include "base/text.h"

namespace slipway::serve {
namespace {

// A part of a path; nearly all have nothing to decode and are not copied.
class Decoded {
 public:
  explicit Decoded(std::string_view part) : text_(part) {
    if (part.find('%') == part.npos) return;
    for (std::size_t i = 0; i < part.size(); ++i) {
      unsigned char byte = 0;
      const char* digits = part.data() + i + 1;
      const bool coded =
          part[i] == '%' && i + 2 < part.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
      kept_ += coded ? char(byte) : part[i];
      i += coded ? 2 : 0;
    }
    text_ = kept_;
  }
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::string kept_;
  std::string_view text_;
};

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

std::string list(std::span<const std::string_view> names) {
  constexpr std::size_t kMost = 20;
  std::string out;
  for (const std::string_view name : names.subspan(0, std::min(names.size(), kMost))) {
    out.append(out.empty() ? "" : ", ").append(printable(name));
  }
  return names.size() > kMost ? out + ", ..." : out;
}

bool is_version(const Slot& slot, std::string_view version) {
  const ServedModel::Options& options = slot.model->options();
  return version == options.version || (!options.label.empty() && version == options.label) ||
         std::ranges::find(slot.aliases, version) != slot.aliases.end();
}

// Those of one name stay in their order.
std::vector<Slot> by_name(std::vector<Slot> slots) {
  std::map<std::string, std::vector<Slot>> sorted;
  for (Slot& slot : slots) sorted[slot.name].push_back(std::move(slot));
  std::vector<Slot> out;
  for (auto& [name, list] : sorted) std::ranges::move(list, std::back_inserter(out));
  return out;
}

Error unavailable(const Slot& slot) {
  return {Code::kBusy, quoted(slot.wanted) + " is not served: " + slot.why, "GET /readyz says how the others are"};
}

}  // namespace

Snapshot::Snapshot(std::vector<Slot> slots, std::string default_model)
    : slots_(by_name(std::move(slots))), default_name_(std::move(default_model)), default_slot_(slots_.size()) {
  if (default_name_.empty() && names().size() == 1) default_name_ = slots_.front().name;
  if (const auto found = first_of(default_name_)) default_slot_ = *found;
}

std::shared_ptr<const Snapshot> Snapshot::of(std::shared_ptr<const ServedModel> model) {
  std::vector<Slot> slots(1);
  slots[0].name = slots[0].wanted = model->options().name;
  slots[0].model = std::move(model);
  return std::make_shared<const Snapshot>(std::move(slots));
}

std::vector<std::string_view> Snapshot::names() const {
  std::vector<std::string_view> out;
  for (const Slot& slot : slots_) {
    if (out.empty() || out.back() != slot.name) out.push_back(slot.name);
  }
  return out;
}

// Without a version: the first slot of the name that has a model, in the order in which they were asked for.
Result<std::size_t> Snapshot::first_of(std::string_view name) const {
  const auto [begin, end] =
      std::ranges::equal_range(slots_, name, {}, [](const Slot& slot) -> std::string_view { return slot.name; });
  for (auto slot = begin; slot != end; ++slot) {
    if (slot->model != nullptr) return std::size_t(slot - slots_.begin());
  }
  if (begin != end) return fail(unavailable(*begin));
  const std::vector<std::string_view> known = names();
  const std::string_view near = nearest(name, known);
  std::string message = "no model is called " + quoted(name);
  if (!near.empty()) message += "; did you mean " + quoted(near) + "?";
  return fail(Code::kNotFound, std::move(message),
              known.empty() ? "No model is served yet" : "Models served here: " + list(known));
}

Result<std::size_t> Snapshot::find(std::string_view name, std::string_view version) const {
  const Decoded decoded(name);
  const std::size_t first = SLIPWAY_TRY(first_of(decoded.text()));
  if (version.empty()) return first;
  const Decoded asked(version);
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].name != slots_[first].name || slots_[i].model == nullptr) continue;
    if (is_version(slots_[i], asked.text())) return i;
  }
  for (const Slot& slot : slots_) {
    if (slot.name != slots_[first].name || slot.model == nullptr) continue;
    if (!slot.model->options().version.empty()) known.emplace_back(slot.model->options().version);
    if (!slot.model->options().label.empty()) known.emplace_back(slot.model->options().label);
    known.insert(known.end(), slot.aliases.begin(), slot.aliases.end());
  }
  const std::string_view near = nearest(asked.text(), known);
  std::string message = "no version " + quoted(asked.text()) + " of " + quoted(decoded.text()) + " is served";
  if (!near.empty()) message += "; did you mean " + quoted(near) + "?";
  return fail(Code::kNotFound, std::move(message),
              known.empty() ? "It has no versions: it is served from a file" : "Served here: " + list(known));
}

Result<std::size_t> Snapshot::find_default() const {
  if (default_slot_ < slots_.size()) return default_slot_;
  if (slots_.empty()) return fail(Code::kBusy, "no model is served yet", "GET /readyz says why");
  if (!default_name_.empty()) return first_of(default_name_);
  const std::vector<std::string_view> known = names();
  return fail(Code::kNotFound, "there are several models here, and this path does not say which",
              "Call /models/" + printable(known.front()) + "/predict and its like; models served here: " + list(known) +
                  ". With --default-model one of them answers this path");
}

const ServedModel* Snapshot::default_model() const {
  return default_slot_ < slots_.size() ? slots_[default_slot_].model.get() : nullptr;
}

bool Snapshot::complete() const {
  return !slots_.empty() && std::ranges::all_of(slots_, [](const Slot& slot) { return slot.model != nullptr; });
}

}  // namespace slipway::serve
