"""scipy's names: what its pickles hold, by the module that it is from; of releases 1.11 to 1.17. Data only."""

from __future__ import annotations

__all__ = ["DICTS", "DISTRIBUTIONS", "PLAIN", "RESULTS"]

# Python classes whose methods trust nothing to C: an instance is its attributes.
PLAIN = {
    "scipy.integrate._ivp.base": "ConstantDenseOutput",
    "scipy.integrate._ivp.bdf": "BdfDenseOutput",
    "scipy.integrate._ivp.common": "OdeSolution",
    "scipy.integrate._ivp.radau": "RadauDenseOutput",
    "scipy.integrate._ivp.rk": "Dop853DenseOutput RkDenseOutput",
    "scipy.interpolate._bary_rational": "AAA FloaterHormannInterpolator",
    "scipy.interpolate._polyint": "BarycentricInterpolator KroghInterpolator",
    "scipy.optimize._constraints": "Bounds LinearConstraint NonlinearConstraint",
    "scipy.optimize._hessian_update_strategy": "BFGS SR1",
    "scipy.optimize._lbfgsb_py": "LbfgsInvHessProduct",
    "scipy.signal._ltisys":
        "StateSpaceContinuous StateSpaceDiscrete TransferFunctionContinuous TransferFunctionDiscrete "
        "ZerosPolesGainContinuous ZerosPolesGainDiscrete",
    "scipy.signal._short_time_fft": "ShortTimeFFT",
    "scipy.spatial.transform._rotation": "Slerp",
    "scipy.spatial.transform._rotation_spline": "RotationSpline",
    "scipy.stats._binomtest": "BinomTestResult",
    "scipy.stats._covariance": "CovViaCholesky CovViaDiagonal CovViaEigendecomposition CovViaPrecision CovViaPSD",
    "scipy.stats._hypotests": "TukeyHSDResult",
    "scipy.stats._multivariate":
        "_PSD dirichlet_frozen dirichlet_gen invwishart_frozen invwishart_gen matrix_normal_frozen matrix_normal_gen "
        "multivariate_normal_frozen multivariate_normal_gen multivariate_t_frozen multivariate_t_gen "
        "ortho_group_frozen ortho_group_gen random_correlation_frozen random_correlation_gen "
        "special_ortho_group_frozen special_ortho_group_gen uniform_direction_frozen uniform_direction_gen "
        "unitary_group_frozen unitary_group_gen vonmises_fisher_frozen vonmises_fisher_gen wishart_frozen wishart_gen",
    "scipy.stats._page_trend_test": "PageTrendTestResult",
    "scipy.stats._resampling": "BootstrapResult MonteCarloTestResult PermutationTestResult",
    "scipy.stats._survival": "ECDFResult EmpiricalDistributionFunction",
}  # fmt: skip

# Results that are tuples with names, some with further attributes.
RESULTS = {
    "scipy.integrate._quadrature": "QMCQuadResult",
    "scipy.stats._binned_statistic": "BinnedStatistic2dResult BinnedStatisticddResult BinnedStatisticResult",
    "scipy.stats._common": "ConfidenceInterval",
    "scipy.stats._crosstab": "CrosstabResult",
    "scipy.stats._mannwhitneyu": "MannwhitneyuResult",
    "scipy.stats._mgc": "MGCResult",
    "scipy.stats._morestats":
        "Anderson_ksampResult AndersonResult AnsariResult BartlettResult FlignerResult LeveneResult Mean "
        "MedianTestResult ShapiroResult Std_dev Variance WilcoxonResult",
    "scipy.stats._mstats_basic":
        "BrunnerMunzelResult DescribeResult F_onewayResult FriedmanchisquareResult KruskalResult KurtosistestResult "
        "MannwhitneyuResult ModeResult NormaltestResult PointbiserialrResult SenSeasonalSlopesResult SkewtestResult "
        "Ttest_1sampResult Ttest_indResult Ttest_relResult",
    "scipy.stats._stats_mstats_common": "LinregressResult SiegelslopesResult TheilslopesResult",
    "scipy.stats._stats_py":
        "BrunnerMunzelResult ConfidenceInterval CumfreqResult DescribeResult F_onewayResult FriedmanchisquareResult "
        "HistogramResult KruskalResult KstestResult KurtosistestResult LinregressResult MGCResult ModeResult "
        "NormaltestResult PearsonRResult PearsonRResultBase Power_divergenceResult RanksumsResult RelfreqResult "
        "RepeatedResults SigmaclipResult SignificanceResult SkewtestResult Ttest_indResult TtestResult TtestResultBase",
    "scipy.stats.contingency": "Chi2ContingencyResult",
}  # fmt: skip

# Results that are dicts.
DICTS = {
    "scipy.integrate._bvp": "BVPResult",
    "scipy.integrate._ivp.ivp": "OdeResult",
    "scipy.optimize._optimize": "OptimizeResult",
    "scipy.optimize._zeros_py": "RootResults",
}  # fmt: skip

# The classes of the distributions that scipy.stats itself has an instance of.
DISTRIBUTIONS = {
    "scipy.stats._continuous_distns":
        "alpha_gen anglit_gen arcsine_gen argus_gen beta_gen betaprime_gen bradford_gen burr12_gen burr_gen cauchy_gen "
        "chi2_gen chi_gen cosine_gen crystalball_gen dgamma_gen dpareto_lognorm_gen dweibull_gen erlang_gen expon_gen "
        "exponnorm_gen exponpow_gen exponweib_gen f_gen fatiguelife_gen fisk_gen foldcauchy_gen foldnorm_gen gamma_gen "
        "gausshyper_gen genexpon_gen genextreme_gen gengamma_gen genhalflogistic_gen genhyperbolic_gen geninvgauss_gen "
        "genlogistic_gen gennorm_gen genpareto_gen gibrat_gen gompertz_gen gumbel_l_gen gumbel_r_gen halfcauchy_gen "
        "halfgennorm_gen halflogistic_gen halfnorm_gen hypsecant_gen invgamma_gen invgauss_gen invweibull_gen "
        "irwinhall_gen jf_skew_t_gen johnsonsb_gen johnsonsu_gen kappa3_gen kappa4_gen ksone_gen kstwo_gen "
        "kstwobign_gen landau_gen laplace_asymmetric_gen laplace_gen levy_gen levy_l_gen loggamma_gen logistic_gen "
        "loglaplace_gen lognorm_gen lomax_gen maxwell_gen mielke_gen moyal_gen nakagami_gen ncf_gen nct_gen ncx2_gen "
        "norm_gen norminvgauss_gen pareto_gen pearson3_gen powerlaw_gen powerlognorm_gen powernorm_gen rayleigh_gen "
        "rdist_gen recipinvgauss_gen reciprocal_gen rel_breitwigner_gen rice_gen semicircular_gen skewcauchy_gen "
        "skewnorm_gen studentized_range_gen t_gen trapezoid_gen triang_gen truncexpon_gen truncnorm_gen "
        "truncpareto_gen truncweibull_min_gen tukeylambda_gen uniform_gen vonmises_gen wald_gen weibull_max_gen "
        "weibull_min_gen wrapcauchy_gen",
    "scipy.stats._discrete_distns":
        "bernoulli_gen betabinom_gen betanbinom_gen binom_gen boltzmann_gen dlaplace_gen geom_gen hypergeom_gen "
        "logser_gen nbinom_gen nchypergeom_fisher_gen nchypergeom_wallenius_gen nhypergeom_gen planck_gen "
        "poisson_binom_gen poisson_gen randint_gen skellam_gen yulesimon_gen zipf_gen zipfian_gen",
    "scipy.stats._levy_stable": "levy_stable_gen",
}  # fmt: skip
