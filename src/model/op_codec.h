// SPDX-License-Identifier: Apache-2.0
// Any operator to JSON and tensors and back, by its fields() alone: nothing here knows an operator. Single values stand
// in the JSON object; arrays and tables are tensors called <prefix><field>. What the values mean is checked by the
// operator's shape(). Any thread.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/array.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "format/safetensors.h"
#include "model/json_members.h"
#include "model/op.h"

namespace slipway::model {

// Tensors of a file to be written; they share the arrays that they are made of.
class TensorWriter {
 public:
  template <class T>
  void add(std::string_view name, const Array<T>& values);
  void add(const std::string& name, const Texts& texts);
  void add(const std::string& name, const Values& values);
  std::span<const safetensors::Tensor> tensors() const { return tensors_; }

 private:
  std::vector<safetensors::Tensor> tensors_;
};

// Tensors of a file that was read: by name, each at most once, of the dtype that is wanted. Borrowed where the memory
// allows it, else copied.
class TensorReader {
 public:
  explicit TensorReader(safetensors::File file);

  // kCorrupt if there is none, or not such a one.
  template <class T>
  Result<void> read(const std::string& name, Array<T>& values);
  Result<void> read(const std::string& name, Texts& texts);
  Result<void> read(const std::string& name, Values& values);
  // kUnsupported if a tensor was not read: somebody meant something by it.
  Result<void> finish() const;

 private:
  safetensors::File file_;
  std::shared_ptr<const void> owner_;
  std::set<std::string, std::less<>> read_;
};

// Writes {"op":name,"inputs":[...],"parameters":{field:value,...}}. kUnsupported for a text that is not UTF-8. The
// tensors borrow from the operator.
Result<void> write_step(const Op& op, std::span<const std::uint32_t> inputs, const std::string& prefix,
                        JsonWriter& json, TensorWriter& tensors);

struct ReadStep {
  Op op;
  std::vector<std::uint32_t> inputs;
};
// kUnsupported for an operator or a field that this program does not know; kCorrupt.
Result<ReadStep> read_step(simdjson::dom::element json, const std::string& prefix, TensorReader& tensors);

}  // namespace slipway::model
