// SPDX-License-Identifier: Apache-2.0
#include "importer/sklearn/estimators.h"
