# SPDX-License-Identifier: Apache-2.0
"""The table of estimators, and random models made from it.

A row: where a class lives, what it is, the hyper-parameters that are drawn (those that change what is answered, and a few
that change what is fitted), and what its data must be like. What the installed release does not know of them is left out.
"""
import importlib
import inspect

TWO = [True, False]
LINEAR = {"fit_intercept": TWO}
TREE = {"max_depth": [None, 1, 3, 8], "min_samples_leaf": [1, 1, 4], "max_features": [None, 1, 0.7]}
FOREST = dict(TREE, n_estimators=[1, 3, 11, 30], bootstrap=TWO)
KERNEL = {"max_iter": [500, 2000], "kernel": ["rbf", "linear", "poly", "sigmoid"], "gamma": ["scale", 0.1, 1.5], "degree": [2, 3], "coef0": [0.0, 0.5]}
BOOST = {"n_estimators": [1, 5, 20], "learning_rate": [0.1, 0.7], "max_depth": [1, 2, 4], "subsample": [1.0, 0.6]}
HIST = {"max_iter": [1, 5, 20], "learning_rate": [0.1, 0.6], "max_leaf_nodes": [2, 8, 31], "min_samples_leaf": [1, 5, 20],
        "max_bins": [4, 32, 255], "l2_regularization": [0.0, 1.0], "early_stopping": [False]}
NET = {"hidden_layer_sizes": [(3,), (8, 4), (5, 5, 2)], "activation": ["relu", "tanh", "logistic", "identity"], "max_iter": [20],
       "solver": ["adam", "lbfgs", "sgd"]}
PROPER = {"alpha": [0.01, 0.5, 1.0, 10.0], "fit_prior": TWO}
CENTRES = {"n_clusters": [1, 2, 5], "n_init": [1, 3], "max_iter": [20]}
NEAR = {"n_neighbors": [1, 2, 5, 9], "weights": ["uniform", "distance"], "p": [1, 2, 3],
        "algorithm": ["auto", "brute", "kd_tree", "ball_tree"], "metric": ["minkowski", "euclidean", "manhattan", "chebyshev"]}
UFUNCS = ["log1p", "sqrt", "exp", "square", "abs", "sign", "floor", "rint", "cbrt", "expm1", "tanh", "arctan", "log"]
WORDS = {"lowercase": TWO, "strip_accents": [None, "ascii", "unicode"], "ngram_range": [(1, 1), (1, 2), (2, 3)],
         "analyzer": ["word", "word", "char", "char_wb"], "binary": TWO, "stop_words": [None, "english", ["fox", "the"]],
         "max_features": [None, 20], "min_df": [1, 2], "max_df": [1.0, 0.7], "token_pattern": [r"(?u)\b\w\w+\b", r"(?u)\b\w+\b", r"[a-z]+"]}
WEIGHTS = {"norm": ["l1", "l2", None], "use_idf": TWO, "smooth_idf": TWO, "sublinear_tf": TWO}


class Row(object):
    def __init__(self, name, module, kind, draw=None, exact=False, make=None, **needs):
        self.name, self.module, self.kind, self.draw = name, module, kind, draw or {}
        self.exact, self.make, self.needs = exact, make, needs

    def load(self):
        if self.name.startswith("Halving"):
            from sklearn.experimental import enable_halving_search_cv  # noqa: F401
        if self.name.startswith("HistGradient"):
            try:
                from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
            except ImportError:
                pass
        return getattr(importlib.import_module("sklearn." + self.module), self.name)

    def build(self, rng, **fixed):
        cls = self.load()
        known = inspect.signature(cls.__init__).parameters
        options = dict((name, rng.choice(values)) for name, values in sorted(self.draw.items()) if rng.random() < 0.6)
        if "random_state" in known:
            options["random_state"] = rng.randrange(1000)
        if self.draw.get("max_iter"):
            options["max_iter"] = rng.choice(self.draw["max_iter"])
        options.update(fixed)
        return cls(**dict((name, value) for name, value in options.items() if name in known))


def linear(name, kind, draw=None, **needs):
    return Row(name, "linear_model", kind, dict(LINEAR, **(draw or {})), **needs)


ROWS = [
    # numbers in, numbers out
    Row("StandardScaler", "preprocessing", "transformer", {"with_mean": TWO, "with_std": TWO}, exact=True, nan=True),
    Row("MinMaxScaler", "preprocessing", "transformer", {"feature_range": [(0, 1), (-2, 5.5)], "clip": TWO}, exact=True, nan=True),
    Row("MaxAbsScaler", "preprocessing", "transformer", {"clip": TWO}, exact=True, nan=True),
    Row("RobustScaler", "preprocessing", "transformer", {"with_centering": TWO, "with_scaling": TWO, "unit_variance": TWO,
                                                         "quantile_range": [(25.0, 75.0), (5.0, 60.0)]}, exact=True, nan=True),
    Row("Normalizer", "preprocessing", "transformer", {"norm": ["l1", "l2", "max"]}),
    Row("Binarizer", "preprocessing", "transformer", {"threshold": [0.0, 1.5, -2]}, exact=True),
    Row("PolynomialFeatures", "preprocessing", "transformer", {"degree": [1, 2, 3, (2, 3), (0, 2)], "interaction_only": TWO,
                                                              "include_bias": TWO, "order": ["C", "F"]}, exact=True, most=4),
    Row("KBinsDiscretizer", "preprocessing", "transformer", {"n_bins": [2, 3, 7], "encode": ["onehot", "onehot-dense", "ordinal"],
                                                            "strategy": ["uniform", "quantile", "kmeans"]}, exact=True),
    Row("PowerTransformer", "preprocessing", "transformer", {"method": ["yeo-johnson", "box-cox"], "standardize": TWO}, nan=True),
    Row("QuantileTransformer", "preprocessing", "transformer", {"n_quantiles": [5, 20, 40], "output_distribution": ["uniform", "normal"]}, nan=True),
    Row("FunctionTransformer", "preprocessing", "transformer", {"validate": TWO}, make="function"),
    Row("SimpleImputer", "impute", "transformer", {"strategy": ["mean", "median", "most_frequent", "constant"], "add_indicator": TWO,
                                                  "fill_value": [None, 0, -1.5], "keep_empty_features": TWO}, exact=True, nan=True),
    Row("PCA", "decomposition", "transformer", {"n_components": [None, 1, 2, 0.8], "whiten": TWO}, width=2, wide=True),
    Row("IncrementalPCA", "decomposition", "transformer", {"n_components": [None, 1, 2], "whiten": TWO}, width=2, wide=True),
    Row("TruncatedSVD", "decomposition", "transformer", {"n_components": [1, 2], "algorithm": ["randomized", "arpack"]}, width=3),
    Row("VarianceThreshold", "feature_selection", "transformer", {"threshold": [0.0, 1e-4]}, exact=True, nan=True),
    Row("SelectKBest", "feature_selection", "selector", {"k": [1, 2, "all"]}, exact=True, width=2),
    Row("SelectPercentile", "feature_selection", "selector", {"percentile": [30, 60, 100]}, exact=True, width=2),
    Row("SelectFpr", "feature_selection", "selector", {"alpha": [0.05, 0.5]}, exact=True),
    Row("SelectFdr", "feature_selection", "selector", {"alpha": [0.05, 0.5]}, exact=True),
    Row("SelectFwe", "feature_selection", "selector", {"alpha": [0.05, 0.5]}, exact=True),
    Row("GenericUnivariateSelect", "feature_selection", "selector", {"mode": ["percentile", "k_best", "fpr"], "param": [1, 0.5]}, exact=True),
    Row("SelectFromModel", "feature_selection", "selector", {"threshold": [None, "mean", "0.5*median"]}, exact=True, make="of_model"),
    Row("RFE", "feature_selection", "selector", {"n_features_to_select": [None, 1, 2]}, exact=True, make="of_model", width=2),
    Row("RFECV", "feature_selection", "selector", {}, exact=True, make="of_model", width=2),
    Row("SequentialFeatureSelector", "feature_selection", "selector", {"direction": ["forward"]}, exact=True, make="of_model", width=2),
    # classes in
    Row("OneHotEncoder", "preprocessing", "encoder", {"handle_unknown": ["error", "ignore", "infrequent_if_exist"], "sparse": TWO,
        "sparse_output": TWO, "drop": [None, "first", "if_binary"], "min_frequency": [None, None, 5], "max_categories": [None, None, 3]}, exact=True),
    Row("OrdinalEncoder", "preprocessing", "encoder", {"handle_unknown": ["error", "use_encoded_value"], "unknown_value": [-1, float("nan")],
        "encoded_missing_value": [float("nan"), -2], "min_frequency": [None, None, 4]}, exact=True),
    Row("LabelEncoder", "preprocessing", "beside", exact=True),
    Row("DictVectorizer", "feature_extraction", "dicts", {"sparse": TWO, "sort": TWO, "separator": ["=", "::"]}, exact=True),
    Row("CountVectorizer", "feature_extraction.text", "words", WORDS, exact=True),
    Row("TfidfVectorizer", "feature_extraction.text", "words", dict(WORDS, **WEIGHTS)),
    Row("HashingVectorizer", "feature_extraction.text", "words", dict(WORDS, n_features=[16, 256, 4096], alternate_sign=TWO, norm=["l1", "l2", None])),
    Row("TfidfTransformer", "feature_extraction.text", "counts", WEIGHTS),
    # linear
    linear("LogisticRegression", "classifier", {"C": [0.01, 1.0, 100.0], "solver": ["lbfgs", "liblinear", "newton-cg", "saga", "newton-cholesky"],
           "multi_class": ["auto", "ovr", "multinomial"], "intercept_scaling": [1, 2.5], "class_weight": [None, "balanced"]}),
    linear("LogisticRegressionCV", "classifier", {"Cs": [2, 3], "solver": ["lbfgs", "liblinear"], "refit": TWO, "multi_class": ["auto", "ovr", "multinomial"]}),
    linear("SGDClassifier", "classifier", {"loss": ["hinge", "log", "log_loss", "modified_huber", "squared_hinge", "perceptron"], "average": TWO}),
    linear("Perceptron", "classifier", {"penalty": [None, "l2"]}),
    linear("PassiveAggressiveClassifier", "classifier", {"C": [0.1, 1.0], "average": TWO}),
    linear("RidgeClassifier", "classifier", {"alpha": [0.1, 10.0]}),
    linear("RidgeClassifierCV", "classifier", {"alphas": [[0.1, 1.0], [5.0]]}),
    linear("LinearRegression", "regressor", {"positive": TWO}, outputs=True),
    linear("Ridge", "regressor", {"alpha": [0.1, 10.0], "solver": ["auto", "svd", "lsqr", "saga"]}, outputs=True),
    linear("RidgeCV", "regressor", {"alphas": [[0.1, 1.0], [5.0]]}, outputs=True),
    linear("Lasso", "regressor", {"alpha": [0.01, 1.0], "positive": TWO}, outputs=True),
    linear("ElasticNet", "regressor", {"alpha": [0.01, 1.0], "l1_ratio": [0.1, 0.9]}, outputs=True),
    linear("LassoCV", "regressor", {"n_alphas": [5], "alphas": [[0.1, 1.0]]}),
    linear("ElasticNetCV", "regressor", {"alphas": [[0.1, 1.0]]}),
    linear("MultiTaskLasso", "regressor", {"alpha": [0.01, 1.0]}, outputs=2),
    linear("MultiTaskElasticNet", "regressor", {"alpha": [0.01, 1.0]}, outputs=2),
    linear("MultiTaskLassoCV", "regressor", {"alphas": [[0.1, 1.0]]}, outputs=2),
    linear("MultiTaskElasticNetCV", "regressor", {"alphas": [[0.1, 1.0]]}, outputs=2),
    linear("Lars", "regressor", {"n_nonzero_coefs": [2, 500]}, outputs=True),
    linear("LassoLars", "regressor", {"alpha": [0.01, 1.0]}, outputs=True),
    linear("LarsCV", "regressor"), linear("LassoLarsCV", "regressor"), linear("LassoLarsIC", "regressor"),
    linear("OrthogonalMatchingPursuit", "regressor"), linear("OrthogonalMatchingPursuitCV", "regressor"),
    linear("BayesianRidge", "regressor", {"compute_score": TWO}), linear("ARDRegression", "regressor"),
    linear("HuberRegressor", "regressor", {"epsilon": [1.1, 1.5]}), linear("TheilSenRegressor", "regressor", {"max_subpopulation": [50]}),
    linear("RANSACRegressor", "regressor"), linear("QuantileRegressor", "regressor", {"alpha": [0.01], "quantile": [0.3, 0.5]}),
    linear("PoissonRegressor", "counts_regressor", {"alpha": [0.1, 1.0]}), linear("GammaRegressor", "counts_regressor"),
    linear("TweedieRegressor", "counts_regressor", {"power": [0, 1, 1.5, 2], "link": ["auto", "log", "identity"]}),
    linear("SGDRegressor", "regressor", {"loss": ["squared_error", "huber"], "average": TWO}),
    linear("PassiveAggressiveRegressor", "regressor", {"C": [0.1, 1.0]}), linear("SGDOneClassSVM", "outlier", {"nu": [0.1, 0.5]}),
    # kernels and neighbours
    Row("LinearSVC", "svm", "classifier", {"C": [0.1, 1.0], "fit_intercept": TWO, "multi_class": ["ovr", "crammer_singer"], "intercept_scaling": [1, 3.0]}),
    Row("LinearSVR", "svm", "regressor", {"C": [0.1, 1.0], "fit_intercept": TWO}),
    Row("SVC", "svm", "classifier", dict(KERNEL, C=[0.1, 1.0, 10.0], probability=TWO, decision_function_shape=["ovr", "ovo"], break_ties=TWO), tame=True),
    Row("NuSVC", "svm", "classifier", dict(KERNEL, nu=[0.1, 0.3], probability=TWO, decision_function_shape=["ovr", "ovo"]), tame=True),
    Row("SVR", "svm", "regressor", dict(KERNEL, C=[0.1, 1.0]), tame=True),
    Row("NuSVR", "svm", "regressor", dict(KERNEL, nu=[0.1, 0.6]), tame=True),
    Row("OneClassSVM", "svm", "outlier", dict(KERNEL, nu=[0.1, 0.6]), tame=True),
    Row("KNeighborsClassifier", "neighbors", "classifier", NEAR, targets=True),
    Row("KNeighborsRegressor", "neighbors", "regressor", NEAR, outputs=True),
    Row("NearestCentroid", "neighbors", "classifier", {"metric": ["euclidean", "manhattan"]}),
    # trees
    Row("DecisionTreeClassifier", "tree", "classifier", TREE, exact=True, targets=True),
    Row("ExtraTreeClassifier", "tree", "classifier", TREE, exact=True, targets=True),
    Row("DecisionTreeRegressor", "tree", "regressor", dict(TREE, criterion=["squared_error", "absolute_error", "friedman_mse"]), exact=True, outputs=True),
    Row("ExtraTreeRegressor", "tree", "regressor", TREE, exact=True, outputs=True),
    Row("RandomForestClassifier", "ensemble", "classifier", FOREST, exact=True, targets=True),
    Row("ExtraTreesClassifier", "ensemble", "classifier", FOREST, exact=True, targets=True),
    Row("RandomForestRegressor", "ensemble", "regressor", FOREST, exact=True, outputs=True),
    Row("ExtraTreesRegressor", "ensemble", "regressor", FOREST, exact=True, outputs=True),
    Row("GradientBoostingClassifier", "ensemble", "classifier", dict(BOOST, loss=["log_loss", "deviance", "exponential"], init=[None, "zero"])),
    Row("GradientBoostingRegressor", "ensemble", "regressor", dict(BOOST, loss=["squared_error", "ls", "huber", "quantile", "absolute_error"], init=[None, "zero"]), exact=True),
    Row("HistGradientBoostingClassifier", "ensemble", "classifier", HIST, nan=True),
    Row("HistGradientBoostingRegressor", "ensemble", "regressor", dict(HIST, loss=["squared_error", "absolute_error", "poisson", "gamma", "quantile"], quantile=[0.3]), nan=True),
    Row("IsolationForest", "ensemble", "outlier", {"n_estimators": [3, 10], "max_samples": ["auto", 0.5], "max_features": [1.0, 0.6], "contamination": ["auto", 0.2]}),
    # the rest
    Row("GaussianNB", "naive_bayes", "classifier", {"var_smoothing": [1e-9, 1e-2]}),
    Row("MultinomialNB", "naive_bayes", "classifier", PROPER, positive=True),
    Row("ComplementNB", "naive_bayes", "classifier", dict(PROPER, norm=TWO), positive=True),
    Row("BernoulliNB", "naive_bayes", "classifier", dict(PROPER, binarize=[0.0, 1.5])),
    Row("CategoricalNB", "naive_bayes", "classifier", PROPER, positive=True),
    Row("LinearDiscriminantAnalysis", "discriminant_analysis", "classifier", {"solver": ["svd", "lsqr", "eigen"]}),
    Row("QuadraticDiscriminantAnalysis", "discriminant_analysis", "classifier", {"reg_param": [0.0, 0.1]}),
    Row("MLPClassifier", "neural_network", "classifier", NET, tame=True),
    Row("MLPRegressor", "neural_network", "regressor", NET, tame=True, outputs=True),
    Row("KMeans", "cluster", "cluster", CENTRES, wide=True), Row("MiniBatchKMeans", "cluster", "cluster", CENTRES, wide=True),
    Row("DummyClassifier", "dummy", "classifier", {"strategy": ["prior", "most_frequent"]}, targets=True),
    Row("DummyRegressor", "dummy", "regressor", {"strategy": ["mean", "median", "quantile"], "quantile": [0.3]}, outputs=True),
    Row("IsotonicRegression", "isotonic", "curve", {"increasing": [True, False, "auto"], "out_of_bounds": ["nan", "clip", "raise"], "y_min": [None, 0.0]}, most=1),
    # those that hold others
    Row("AdaBoostClassifier", "ensemble", "classifier", {"n_estimators": [1, 4], "learning_rate": [0.5, 1.0], "algorithm": ["SAMME", "SAMME.R"]}, make="maybe_inner"),
    Row("AdaBoostRegressor", "ensemble", "regressor", {"n_estimators": [1, 4], "loss": ["linear", "square", "exponential"]}, make="maybe_inner"),
    Row("BaggingClassifier", "ensemble", "classifier", {"n_estimators": [1, 4], "max_features": [1.0, 0.6], "bootstrap_features": TWO, "max_samples": [1.0, 0.5]}, make="maybe_inner"),
    Row("BaggingRegressor", "ensemble", "regressor", {"n_estimators": [1, 4], "max_features": [1.0, 0.6], "bootstrap_features": TWO}, make="maybe_inner", outputs=True),
    Row("VotingClassifier", "ensemble", "classifier", {"voting": ["hard", "soft"], "flatten_transform": TWO, "weights": [None, [1, 2.5, 0.25]]}, make="members"),
    Row("VotingRegressor", "ensemble", "regressor", {"weights": [None, [1, 2.5, 0.25]]}, make="members"),
    Row("StackingClassifier", "ensemble", "classifier", {"stack_method": ["auto", "predict_proba", "predict"], "passthrough": TWO, "cv": [2, 3]}, make="members"),
    Row("StackingRegressor", "ensemble", "regressor", {"passthrough": TWO, "cv": [2, 3]}, make="members"),
    Row("OneVsRestClassifier", "multiclass", "classifier", make="inner"), Row("OneVsOneClassifier", "multiclass", "classifier", make="inner"),
    Row("OutputCodeClassifier", "multiclass", "classifier", make="inner"),
    Row("MultiOutputClassifier", "multioutput", "classifier", make="inner", targets=2), Row("MultiOutputRegressor", "multioutput", "regressor", make="inner", outputs=2),
    Row("ClassifierChain", "multioutput", "classifier", make="inner", flags=True), Row("RegressorChain", "multioutput", "regressor", {"order": [None, "random"]}, make="inner", outputs=2),
    Row("CalibratedClassifierCV", "calibration", "classifier", {"method": ["sigmoid", "isotonic", "sigmoid", "temperature"], "cv": [2, 3], "ensemble": TWO}, make="inner"),
    Row("TransformedTargetRegressor", "compose", "regressor", make="target"),
    Row("GridSearchCV", "model_selection", "any", exact=True, make="search"), Row("RandomizedSearchCV", "model_selection", "any", exact=True, make="search"),
    Row("HalvingGridSearchCV", "model_selection", "any", exact=True, make="search"), Row("HalvingRandomSearchCV", "model_selection", "any", exact=True, make="search"),
    Row("FixedThresholdClassifier", "model_selection", "classifier", {"threshold": ["auto", 0.3], "response_method": ["auto", "predict_proba"]}, make="inner", binary=True),
    Row("TunedThresholdClassifierCV", "model_selection", "classifier", {"cv": [2, 3]}, make="inner", binary=True),
    Row("FrozenEstimator", "frozen", "any", exact=True, make="frozen"),
    Row("Pipeline", "pipeline", "whole", exact=True), Row("ColumnTransformer", "compose", "whole", exact=True), Row("FeatureUnion", "pipeline", "whole", exact=True),
]
TABLE = dict((row.name, row) for row in ROWS)
