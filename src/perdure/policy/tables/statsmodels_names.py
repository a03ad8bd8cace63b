"""The classes of statsmodels that the pack "statsmodels" loads: plain Python, whose loops are numpy's."""

__all__ = ["CLASSES"]

CLASSES = {
    "statsmodels.base.data":
        "FormulaicData ModelData PandasData PatsyData",
    "statsmodels.base.model":
        "GenericLikelihoodModel GenericLikelihoodModelResults LikelihoodModel LikelihoodModelResults "
        "LikelihoodResultsWrapper Model ResultMixin Results _LLRMixin",
    "statsmodels.discrete.discrete_model":
        "BinaryModel BinaryResults BinaryResultsWrapper CountModel CountResults CountResultsWrapper "
        "DiscreteModel DiscreteResults GeneralizedPoisson GeneralizedPoissonResults "
        "GeneralizedPoissonResultsWrapper L1BinaryResults L1BinaryResultsWrapper L1CountResults "
        "L1CountResultsWrapper L1GeneralizedPoissonResults L1GeneralizedPoissonResultsWrapper "
        "L1MultinomialResults L1MultinomialResultsWrapper L1NegativeBinomialResults "
        "L1NegativeBinomialResultsWrapper L1PoissonResults L1PoissonResultsWrapper Logit LogitResults MNLogit "
        "MultinomialModel MultinomialResults MultinomialResultsWrapper NegativeBinomial NegativeBinomialP "
        "NegativeBinomialPResults NegativeBinomialPResultsWrapper NegativeBinomialResults "
        "NegativeBinomialResultsWrapper OrderedResults OrderedResultsWrapper Poisson PoissonResults "
        "PoissonResultsWrapper Probit ProbitResults",
    "statsmodels.discrete.count_model":
        "GenericZeroInflated L1ZeroInflatedGeneralizedPoissonResults "
        "L1ZeroInflatedGeneralizedPoissonResultsWrapper L1ZeroInflatedNegativeBinomialResults "
        "L1ZeroInflatedNegativeBinomialResultsWrapper L1ZeroInflatedPoissonResults "
        "L1ZeroInflatedPoissonResultsWrapper ZeroInflatedGeneralizedPoisson "
        "ZeroInflatedGeneralizedPoissonResults ZeroInflatedGeneralizedPoissonResultsWrapper "
        "ZeroInflatedNegativeBinomialP ZeroInflatedNegativeBinomialResults "
        "ZeroInflatedNegativeBinomialResultsWrapper ZeroInflatedPoisson ZeroInflatedPoissonResults "
        "ZeroInflatedPoissonResultsWrapper ZeroInflatedResults",
    "statsmodels.distributions.empirical_distribution":
        "ECDF ECDFDiscrete StepFunction",
    "statsmodels.duration.hazard_regression":
        "PHReg PHRegResults PHSurvivalTime",
    "statsmodels.genmod.cov_struct":
        "Autoregressive CategoricalCovStruct CovStruct Equivalence Exchangeable GlobalOddsRatio Independence "
        "Nested NominalIndependence OrdinalIndependence Stationary Unstructured",
    "statsmodels.genmod.families.family":
        "Binomial Family Gamma Gaussian InverseGaussian NegativeBinomial Poisson Tweedie",
    "statsmodels.genmod.families.links":
        "CDFLink CLogLog Cauchy Identity InversePower InverseSquared Link Log LogC LogLog Logit "
        "NegativeBinomial Power Probit Sqrt cauchy cloglog identity inverse_power inverse_squared log logc "
        "logit loglog nbinom probit sqrt",
    "statsmodels.genmod.families.varfuncs":
        "Binomial NegativeBinomial Power VarianceFunction",
    "statsmodels.genmod.generalized_estimating_equations":
        "GEE GEEMargins GEEResults GEEResultsWrapper NominalGEE NominalGEEResults NominalGEEResultsWrapper "
        "OrdinalGEE OrdinalGEEResults OrdinalGEEResultsWrapper ParameterConstraint _Multinomial "
        "_MultinomialLogit",
    "statsmodels.genmod.generalized_linear_model":
        "GLM GLMResults GLMResultsWrapper",
    "statsmodels.multivariate.pca":
        "PCA",
    "statsmodels.regression.linear_model":
        "GLS GLSAR OLS OLSResults RegressionModel RegressionResults RegressionResultsWrapper WLS",
    "statsmodels.regression.mixed_linear_model":
        "MixedLM MixedLMParams MixedLMResults MixedLMResultsWrapper VCSpec",
    "statsmodels.regression.quantile_regression":
        "QuantReg QuantRegResults",
    "statsmodels.robust.norms":
        "AndrewWave Hampel HuberT LeastSquares MQuantileNorm RamsayE RobustNorm StudentT TrimmedMean "
        "TukeyBiweight TukeyQuartic",
    "statsmodels.robust.scale":
        "Huber HuberScale MScale",
    "statsmodels.robust.robust_linear_model":
        "RLM RLMResults RLMResultsWrapper",
    "statsmodels.tsa.ar_model":
        "AR AROrderSelectionResults ARResults AutoReg AutoRegResults AutoRegResultsWrapper",
    "statsmodels.tsa.base.tsa_model":
        "TimeSeriesModel TimeSeriesModelResults TimeSeriesResultsWrapper",
    "statsmodels.tsa.deterministic":
        "CalendarFourier CalendarSeasonality CalendarTimeTrend DeterministicProcess Fourier Seasonality "
        "TimeTrend",
    "statsmodels.tsa.seasonal._seasonal":
        "DecomposeResult",
    "statsmodels.tsa.vector_ar.var_model":
        "FEVD LagOrderResults VAR VARResults VARResultsWrapper",
}  # fmt: skip
