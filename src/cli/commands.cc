// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace slipway::cli {
namespace {

constexpr Command kCommands[] = {
    {"serve", "serve a model's file, or the models of a store, over HTTP", serve},
    {"predict", "score one record or many, and print the answer", predict},
    {"inspect", "show what is in a pickle, hostile ones included", inspect},
    {"estimators", "list the estimators that can be served", estimators},
    {"import", "make a model's file a version in the store", import_model},
    {"verify", "hold a model against the answers that it must give", verify},
    {"diff", "show how two models differ", diff},
    {"snippet", "print the notebook cell that writes a proof", snippet},
    {"models", "list the models in a store, their versions and aliases", models},
    {"promote", "point an alias at a version: promote churn:2 production", promote},
    {"rollback", "point an alias back at the version before", rollback},
    {"remove", "remove a version, and its files if no other version uses them", remove},
    {"version", "print the version", version},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace slipway::cli
