// SPDX-License-Identifier: Apache-2.0
// Opcodes that work on the stack: containers, memo, and the records of what Python would call. Containers are
// referenced by id, so one that is memoised empty and filled later is seen full by everybody.
#include <fmt/core.h>

#include "base/text.h"
#include "format/pickle/reader.h"

namespace slipway::pickle {

Result<void> Reader::execute() { return execute_value(); }

Result<void> Reader::execute_container() {
  switch (Op(opcode_->byte)) {
    case Op::kMark:
      return mark();
    case Op::kPop:
      return pop();
    case Op::kPopMark:
      stack_.resize(pop_mark());
      return {};
    case Op::kDup:
      return push(top());
    case Op::kEmptyList:
      return push_node(Kind::kList, Run::kExact, 0);
    case Op::kEmptyDict:
      return push_node(Kind::kDict, Run::kExact, 0);
    case Op::kEmptySet:
      return push_node(Kind::kSet, Run::kExact, 0);
    case Op::kEmptyTuple:
      return push_node(Kind::kTuple, Run::kExact, 0);
    case Op::kTuple1:
    case Op::kTuple2:
    case Op::kTuple3:
      return container(Kind::kTuple, stack_.size() - opcode_->needs);
    case Op::kTuple:
      return container(Kind::kTuple, pop_mark());
    case Op::kList:
      return container(Kind::kList, pop_mark());
    case Op::kDict:
      return container(Kind::kDict, pop_mark());
    case Op::kFrozenSet:
      return container(Kind::kFrozenSet, pop_mark());
    case Op::kAppend:
      return append(stack_.size() - 1);
    case Op::kAppends:
      return append(pop_mark());
    case Op::kSetItem:
      return set_items(stack_.size() - 2);
    case Op::kSetItems:
      return set_items(pop_mark());
    case Op::kAddItems:
      return add_items(pop_mark());
    default:
      return execute_object();
  }
}

Result<void> Reader::execute_object() {
  std::uint64_t index = 0;
  NodeId made = kNoNode;
  switch (Op(opcode_->byte)) {
    case Op::kPut:
      SLIPWAY_TRY(memo_index(index));
      return put(index);
    case Op::kBinPut:
    case Op::kLongBinPut:
      return put(number_);
    case Op::kMemoize:
      return put(memo_entries_);
    case Op::kGet:
      SLIPWAY_TRY(memo_index(index));
      return get(index);
    case Op::kBinGet:
    case Op::kLongBinGet:
      return get(number_);
    case Op::kGlobal:
      SLIPWAY_TRY(global(made));
      return push(made);
    case Op::kStackGlobal:
      return stack_global();
    case Op::kReduce:
      return reduce(Made::kReduce);
    case Op::kNewObj:
      return reduce(Made::kNewObj);
    case Op::kNewObjEx:
      return reduce(Made::kNewObjEx);
    case Op::kInst:
      return inst();
    case Op::kObj:
      return obj();
    case Op::kBuild:
      return build();
    case Op::kFrame:
      return frame();
    case Op::kProto:
      return protocol();
    case Op::kStop:
      return stop();
    case Op::kReadOnlyBuffer:
      return {};
    default:
      return refuse();
  }
}

// The opcodes that ask for something outside the file.
Result<void> Reader::refuse() const {
  switch (Op(opcode_->byte)) {
    case Op::kPersId:
    case Op::kBinPersId:
      return error(Code::kUnsupported, "a persistent id: a part of this object is not in the file",
                   "PyTorch and ZODB write such files. Save a scikit-learn model with pickle.dump");
    case Op::kNextBuffer:
      return error(Code::kUnsupported, "pickled with out-of-band buffers, which are not in this file",
                   "Save the model again without buffer_callback");
    default:
      return error(Code::kUnsupported,
                   fmt::format("code {} of Python's copyreg extension registry, which is not in "
                               "the file",
                               number_),
                   "Save the model again where no copyreg extensions are registered");
  }
}

Result<void> Reader::container(Kind kind, std::size_t from) {
  Run run;
  const auto items = above(from);
  if (kind == Kind::kDict && items.size() % 2 != 0) return corrupt("a key without a value");
  if (!arena_.children.append(run, items)) return error(Code::kTooLarge, "too many elements in all");
  stack_.resize(from);
  return push_node(kind, run.capacity, pack(run.start, run.count));
}

Result<void> Reader::add_children(Node& node, std::size_t from) {
  Run run{node.high(), node.low(), static_cast<std::uint8_t>(node.aux)};
  if (!arena_.children.append(run, above(from))) return error(Code::kTooLarge, "too many elements in all");
  node.body = pack(run.start, run.count);
  node.aux = run.capacity;
  stack_.resize(from);
  return {};
}

Result<void> Reader::add_to_object(NodeId object, std::size_t from, bool pairs) {
  Extra& extra = arena_.extra_of(object);
  if (!arena_.children.append(pairs ? extra.pairs : extra.items, above(from))) {
    return error(Code::kTooLarge, "too many elements in all");
  }
  stack_.resize(from);
  return {};
}

Result<void> Reader::append(std::size_t from) {
  if (from == stack_.size()) return {};
  const NodeId target = stack_[from - 1];
  if (arena_.kind(target) == Kind::kList) return add_children(arena_.nodes[target], from);
  if (arena_.kind(target) == Kind::kObject) return add_to_object(target, from, false);
  return corrupt(fmt::format("appends to {}", describe(target)));
}

Result<void> Reader::set_items(std::size_t from) {
  if (from == stack_.size()) return {};
  if ((stack_.size() - from) % 2 != 0) return corrupt("a key without a value");
  const NodeId target = stack_[from - 1];
  if (arena_.kind(target) == Kind::kDict) return add_children(arena_.nodes[target], from);
  if (arena_.kind(target) == Kind::kObject) return add_to_object(target, from, true);
  return corrupt(fmt::format("sets items of {}", describe(target)));
}

Result<void> Reader::add_items(std::size_t from) {
  if (from == stack_.size()) return {};
  const NodeId target = stack_[from - 1];
  if (arena_.kind(target) == Kind::kSet) return add_children(arena_.nodes[target], from);
  if (arena_.kind(target) == Kind::kObject) return add_to_object(target, from, false);
  return corrupt(fmt::format("adds to {}", describe(target)));
}

Result<void> Reader::make_object(const Object& object) {
  const auto index = arena_.objects.size();
  SLIPWAY_TRY(push_node(Kind::kObject, 0, index));
  arena_.objects.add({object});
  return {};
}

// REDUCE, NEWOBJ: callable, args. NEWOBJ_EX: class, args, kwargs.
Result<void> Reader::reduce(Made made) {
  Object object{.made = made};
  const std::size_t kwargs = made == Made::kNewObjEx ? 1 : 0;
  if (kwargs != 0) object.kwargs = top(0);
  object.args = top(kwargs);
  object.callable = top(kwargs + 1);
  if (arena_.kind(object.args) != Kind::kTuple) {
    return corrupt(fmt::format("the arguments are {}, not a tuple", describe(object.args)));
  }
  if (kwargs != 0 && arena_.kind(object.kwargs) != Kind::kDict) {
    return corrupt(fmt::format("the keyword arguments are {}, not a dict", describe(object.kwargs)));
  }
  stack_.resize(stack_.size() - opcode_->needs);
  return make_object(object);
}

Result<void> Reader::inst() {
  Object object{.made = Made::kInst};
  SLIPWAY_TRY(container(Kind::kTuple, pop_mark()));
  object.args = top();
  stack_.pop_back();
  SLIPWAY_TRY(global(object.callable));
  return make_object(object);
}

Result<void> Reader::obj() {
  Object object{.made = Made::kObj};
  if (height() == 0) return corrupt("no class above its MARK");
  const std::size_t from = pop_mark();
  object.callable = stack_[from];
  SLIPWAY_TRY(container(Kind::kTuple, from + 1));
  object.args = top();
  stack_.resize(from);
  return make_object(object);
}

Result<void> Reader::build() {
  const NodeId target = top(1);
  if (arena_.kind(target) == Kind::kGlobal) {
    return error(Code::kRefused, fmt::format("sets attributes of {} itself, not of an object", describe(target)),
                 "No library saves a model like this: the file tries to change a Python module");
  }
  if (arena_.kind(target) != Kind::kObject) return corrupt(fmt::format("sets the state of {}", describe(target)));
  arena_.objects[arena_.nodes[target].body].object.state = top();
  stack_.pop_back();
  if (is_joblib_wrapper(class_name(arena_, target))) return joblib_array(target);
  return {};
}

}  // namespace slipway::pickle
