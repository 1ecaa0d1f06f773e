// SPDX-License-Identifier: Apache-2.0
// An Outline as lines for a terminal and as JSON. Everything that comes from the file has been through printable() or
// goes through append_json_string(), so neither a terminal nor a JSON parser can be surprised.
#include <fmt/core.h>

#include "base/text.h"
#include "format/pickle/outline.h"

namespace slipway::pickle {
namespace {

constexpr std::string_view kSupportNames[] = {"unknown", "supported", "inert", "runs code"};

std::string name_of(Global name) { return printable(name.module, 200) + "." + printable(name.name, 200); }

std::string times(std::uint64_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

// "list of 3", "float64 [1, 8]", "sklearn.pipeline.Pipeline", "'text'"
std::string what(const OutlineLine& line) {
  std::string out;
  const auto append = [&out](std::string_view text) { out += text; };
  if (line.kind == "more") return line.value;
  if (line.kind == "array") {
    append(line.type + " [");
    for (std::size_t i = 0; i < line.shape.size(); ++i) append((i == 0 ? "" : ", ") + std::to_string(line.shape[i]));
    append("]");
  } else if (line.kind == "object" || line.kind == "name" || line.kind == "dtype" || line.kind == "scalar") {
    append(line.kind == "object" ? line.type : line.kind + " " + line.type);
  } else if (line.kind == "text") {
    append("'" + line.value + "'");
    return out;
  } else if (line.kind == "none") {
    append("None");
  } else if (line.size) {
    append(fmt::format("{} of {}", line.kind, *line.size));
  } else {
    append(line.value);
    return out;
  }
  if (!line.value.empty()) append(" " + line.value);
  return out;
}

void append_names(std::string& out, const Outline& outline) {
  if (outline.all_names == 0) return;
  out += fmt::format("\nnames that Python would import: {}\n", outline.all_names);
  for (const FoundName& name : outline.names) {
    out += fmt::format("  byte {:<9} {}", name.offset, name_of(name.name));
    if (name.called != 0) out += ", called " + times(name.called);
    if (name.created != 0) out += ", created " + times(name.created);
    if (name.support != Support::kUnknown) out += fmt::format(" ({})", kSupportNames[std::size_t(name.support)]);
    out += name.dangerous ? "  <-- DANGEROUS\n" : "\n";
  }
  if (outline.names.size() < outline.all_names) {
    out += fmt::format("  ... {} more\n", outline.all_names - outline.names.size());
  }
}

void append_tree(std::string& out, const Outline& outline) {
  if (outline.tree.empty()) return;
  out += outline.error ? "\nread before the error\n" : "\ncontents\n";
  for (const OutlineLine& line : outline.tree) {
    out.append(2 + 2 * std::size_t{line.depth}, ' ');
    if (!line.name.empty()) out += line.name + ": ";
    out += what(line);
    if (line.support != Support::kUnknown && line.kind == "object") {
      out += fmt::format(" ({})", kSupportNames[std::size_t(line.support)]);
    }
    if (line.seen) out += " (seen above)";
    if (line.kind == "object" || line.kind == "array") out += fmt::format("  @{}", line.offset);
    out += '\n';
  }
}

// Members of a JSON object, one after the other.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }
  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void number(std::string_view name, std::uint64_t value) { key(name) += std::to_string(value); }
  void flag(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class Range, class Write>
void append_array(std::string& out, const Range& range, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : range) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

void append_line(std::string& out, const OutlineLine& line) {
  Members members(out);
  members.number("depth", line.depth);
  if (!line.name.empty()) members.text("name", line.name);
  members.text("kind", line.kind);
  if (!line.type.empty()) members.text("type", line.type);
  if (!line.value.empty()) members.text("value", line.value);
  if (line.kind == "array") {
    append_array(members.key("shape"), line.shape, [&](std::uint64_t size) { out += std::to_string(size); });
  }
  if (line.size) members.number("size", *line.size);
  if (line.kind != "more") members.number("offset", line.offset);
  if (line.support != Support::kUnknown) members.text("support", kSupportNames[std::size_t(line.support)]);
  if (line.seen) members.flag("seen", true);
  members.close();
}

void append_name(std::string& out, const FoundName& name) {
  Members members(out);
  members.text("module", name.name.module);
  members.text("name", name.name.name);
  members.number("offset", name.offset);
  members.number("named", name.named);
  members.number("called", name.called);
  members.number("created", name.created);
  members.text("support", kSupportNames[std::size_t(name.support)]);
  members.flag("dangerous", name.dangerous);
  members.close();
}

}  // namespace

std::string outline_text(const Outline& outline) {
  std::string out = fmt::format("pickle protocol {}, {} bytes{}, {} opcode{}, {} value{}\n", outline.protocol,
                                outline.bytes, outline.packing.empty() ? "" : " unpacked from " + outline.packing,
                                outline.opcodes, plural(outline.opcodes), outline.values, plural(outline.values));
  if (outline.error) {
    out += fmt::format("not read to its end: {}\n", printable(outline.error->message(), 2000));
    if (!outline.error->hint().empty()) out += outline.error->hint() + "\n";
  }
  if (outline.trailing != 0) {
    out += fmt::format("{} bytes follow after the end of the pickle, at byte {}\n", outline.trailing, outline.end);
  }
  for (const FoundVersion& found : outline.versions) {
    out +=
        fmt::format("made with {} {} (byte {}, {})\n", found.library, found.version, found.offset, times(found.count));
  }
  if (outline.dangerous_names != 0) {
    out += fmt::format("DANGEROUS: loading this file in Python would call {} name{} that no model library needs\n",
                       outline.dangerous_names, plural(outline.dangerous_names));
  }
  if (outline.computed_calls != 0) {
    out += fmt::format("calls what another call gave: {}, first at byte {}\n", times(outline.computed_calls),
                       outline.computed_offset);
  }
  append_names(out, outline);
  append_tree(out, outline);
  for (const Outline& next : outline.following) out += "\nanother " + outline_text(next);
  return out;
}

std::string outline_json(const Outline& outline) {
  std::string out;
  Members members(out);
  members.number("protocol", static_cast<std::uint64_t>(outline.protocol));
  if (!outline.packing.empty()) members.text("packing", outline.packing);
  members.number("bytes", outline.bytes);
  members.number("opcodes", outline.opcodes);
  members.number("values", outline.values);
  members.number("end", outline.end);
  members.number("trailing_bytes", outline.trailing);
  if (outline.error) {
    Members error(members.key("error"));
    error.text("code", info(outline.error->code()).name);
    error.text("message", outline.error->message());
    if (!outline.error->hint().empty()) error.text("hint", outline.error->hint());
    error.close();
  }
  append_array(members.key("versions"), outline.versions, [&](const FoundVersion& found) {
    Members version(out);
    version.text("library", found.library);
    version.text("version", found.version);
    version.number("offset", found.offset);
    version.number("count", found.count);
    version.close();
  });
  members.number("all_names", outline.all_names);
  members.number("dangerous_names", outline.dangerous_names);
  members.number("computed_calls", outline.computed_calls);
  append_array(members.key("names"), outline.names, [&](const FoundName& name) { append_name(out, name); });
  append_array(members.key("tree"), outline.tree, [&](const OutlineLine& line) { append_line(out, line); });
  if (!outline.following.empty()) {
    append_array(members.key("following"), outline.following, [&](const Outline& next) { out += outline_json(next); });
  }
  members.close();
  return out;
}

}  // namespace slipway::pickle
