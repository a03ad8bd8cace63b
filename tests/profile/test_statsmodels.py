"""The pack "statsmodels": models and results load and answer as by the standard module; no text of theirs is run."""

import functools
import pickle
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import perdure
from perdure import CorruptError, LimitError, UntrustedError

pytest.importorskip("statsmodels", reason="the pack's own library is not installed")

import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.base.data import PandasData
from statsmodels.genmod.families.links import Probit
from statsmodels.tools.tools import Bunch

from tests.profile.forge import changed, having, tampered

_RANDOM = np.random.RandomState(0)
X = sm.add_constant(_RANDOM.normal(size=(60, 2)))
Y = X @ [1, 2, 3] + _RANDOM.normal(size=60) * 0.1
Z = (Y + _RANDOM.normal(size=60) * 3 > 1).astype(int)
COUNTS = _RANDOM.poisson(2, 60)
GROUPS = np.arange(60) % 5
TABLE = pd.DataFrame({"y": Y, "a": X[:, 1], "b": X[:, 2], "g": np.arange(60) % 3, "word": list("xyz") * 20})

families, links = sm.families, sm.families.links
MADE: dict[str, Callable[[], Any]] = {
    "OLS": lambda: sm.OLS(Y, X).fit(),
    "OLS, robust covariance": lambda: sm.OLS(Y, X).fit(cov_type="HC3"),
    "OLS of a table": lambda: sm.OLS(TABLE["y"], TABLE[["a", "b"]]).fit(),
    "WLS": lambda: sm.WLS(Y, X, weights=np.arange(1, 61)).fit(),
    "GLS": lambda: sm.GLS(Y, X).fit(),
    "GLSAR": lambda: sm.GLSAR(Y, X, 1).iterative_fit(1),
    "a model": lambda: sm.OLS(Y, X),
    "Logit": lambda: sm.Logit(Z, X[:, :2]).fit(disp=0),
    "Probit": lambda: sm.Probit(Z, X[:, :2]).fit(disp=0),
    "Logit, L1": lambda: sm.Logit(Z, X[:, :2]).fit_regularized(disp=0),
    "MNLogit": lambda: sm.MNLogit(np.arange(60) % 3, X).fit(disp=0),
    "Poisson": lambda: sm.Poisson(COUNTS, X).fit(disp=0),
    "NegativeBinomial": lambda: sm.NegativeBinomial(COUNTS, X).fit(disp=0),
    "GLM: Poisson": lambda: sm.GLM(COUNTS, X, family=families.Poisson()).fit(),
    "GLM: Gaussian": lambda: sm.GLM(Y, X).fit(),
    "GLM: Gamma": lambda: sm.GLM(COUNTS + 1, X, family=families.Gamma(links.Log())).fit(),
    "GLM: Binomial": lambda: sm.GLM(Z, X[:, :2], family=families.Binomial()).fit(),
    "GLM: Probit": lambda: sm.GLM(Z, X[:, :2], family=families.Binomial(Probit())).fit(),
    "RLM": lambda: sm.RLM(Y, X, M=sm.robust.norms.HuberT()).fit(),
    "QuantReg": lambda: sm.QuantReg(Y, X).fit(),
    "MixedLM": lambda: sm.MixedLM(Y, X, groups=GROUPS).fit(),
    "GEE": lambda: sm.GEE(Y, X, groups=GROUPS, cov_struct=sm.cov_struct.Exchangeable()).fit(),
    "PHReg": lambda: sm.PHReg(np.exp(Y / 5), X[:, 1:]).fit(),
    "AutoReg": lambda: sm.tsa.AutoReg(Y, 2).fit(),
    "VAR": lambda: sm.tsa.VAR(np.c_[Y, X[:, 1]]).fit(1),
    "ECDF": lambda: sm.distributions.ECDF(Y),
    "PCA": lambda: sm.PCA(X[:, 1:]),
    "seasonal": lambda: sm.tsa.seasonal_decompose(Y, period=4),
    "formula: names": lambda: smf.ols("y ~ a + b", TABLE).fit(),
    "formula: categories": lambda: smf.ols("y ~ a + C(g) - 1", TABLE).fit(),
    "formula: crossed": lambda: smf.ols("y ~ a * word + a:b", TABLE).fit(),
    "formula: GLM": lambda: smf.glm("y ~ a + word", TABLE).fit(),
}


@functools.cache
def made(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MADE[name]()


@pytest.mark.parametrize("name", MADE)
def test_models_and_results(name: str) -> None:
    found = made(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for protocol in range(2, 6):
            stream = pickle.dumps(found, protocol)
            one, other = perdure.loads(stream, trusted=["statsmodels"]), pickle.loads(stream)
            assert type(one) is type(other)
        if hasattr(other, "params"):
            np.testing.assert_array_equal(np.asarray(one.params), np.asarray(other.params))
        if name != "PHReg" and hasattr(other, "params") and hasattr(other, "predict"):
            np.testing.assert_array_equal(np.asarray(one.predict()), np.asarray(other.predict()))
        if name.startswith("formula"):
            np.testing.assert_array_equal(one.predict(TABLE[:9]), other.predict(TABLE[:9]))
        if name in ("OLS", "Logit", "GLM: Gamma", "MixedLM", "GEE"):
            assert str(one.summary().tables[1]) == str(other.summary().tables[1])
        if name == "ECDF":
            assert (one(Y) == other(Y)).all()


@pytest.mark.parametrize("formula", [
    "y ~ __import__('os')._exit(3)", "y ~ exit(a)", "y ~ a.sum()", "y ~ a[0]", "y ~ np.log(b)", "y ~ I(a)", "y ~ (a + b)**9",
    "y ~ C(a, exit)", "y ~ C(C(a))", "exit(y) ~ a", "y + a ~ b", "y ~ missing", "y ~ 'a'", "y ~ a if a else b", "y ~ Q('a')",
    "~ a", "y", "", "y ~ a | b", "y ~ {a}", "y ~ " + "a + " * 2000 + "b", "y ~ " + " * ".join("abababababab"), "y ~ a\nb = 3", 7,
])  # fmt: skip
def test_a_formula_is_no_code(formula: object) -> None:
    stream = tampered(made("formula: names"), PandasData, having(formula=formula))
    with pytest.raises((UntrustedError, CorruptError)):
        perdure.loads(stream, trusted=["statsmodels"])


def test_a_formula_whose_columns_are_out_of_proportion() -> None:
    frame = TABLE.assign(**{name: [f"{name}{place}" for place in range(60)] for name in "pqrst"})
    stream = tampered(made("formula: names"), PandasData, having(formula="y ~ p:q:r:s:t", frame=frame))
    with pytest.raises(LimitError):
        perdure.loads(stream, trusted=["statsmodels"])


CODE = "y ~ __import__('os')._exit(3)"


@pytest.mark.parametrize("case", [
    "a design", "a design by another name", "a design to be made by 0.14", "data of somebody's", "data that is a dict", "a model of somebody's",
    "results of somebody's", "a method that is hidden", "a likelihood that is none", "a table that is none",
])  # fmt: skip
def test_states_that_would_have_it_run(case: str) -> None:
    results, model = type(made("OLS")._results), sm.OLS
    stream = {
        "a design": lambda: tampered(made("OLS of a table"), PandasData, having(model_spec=CODE)),
        "a design by another name": lambda: tampered(made("OLS of a table"), PandasData, having(design_info=CODE)),
        "a design to be made by 0.14": lambda: tampered(
            made("OLS of a table"), PandasData, having(restore_design_info=True, formula=CODE)),
        "data of somebody's": lambda: tampered(
            made("OLS"), model, having(data=types.SimpleNamespace(model_spec=CODE, row_labels=None))),
        "data that is a dict": lambda: tampered(made("OLS"), model, having(data=Bunch(model_spec=CODE))),
        "a model of somebody's": lambda: tampered(
            made("OLS"), results, having(model=types.SimpleNamespace(data=types.SimpleNamespace(model_spec=CODE)))),
        "results of somebody's": lambda: tampered(made("OLS"), type(made("OLS")), having(_results=[1])),
        "a method that is hidden": lambda: tampered(made("OLS"), results, having(predict=1)),
        "a likelihood that is none": lambda: tampered(
            made("NegativeBinomial"), sm.NegativeBinomial, having(loglike_method="__class__")),
        "a table that is none": lambda: tampered(
            made("formula: names"), PandasData, changed("frame", lambda frame: dict(frame))),
    }[case]()  # fmt: skip
    with pytest.raises((UntrustedError, CorruptError)):
        perdure.loads(stream, trusted=["statsmodels"])


def test_what_holds_state_in_c_is_refused_clearly() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = pickle.dumps(sm.tsa.SARIMAX(Y[:20], order=(1, 0, 0)).fit(disp=0, maxiter=1))
    with pytest.raises(UntrustedError, match="state space"):
        perdure.loads(stream, trusted=["statsmodels"])


def test_a_bunch_is_its_items() -> None:
    found = perdure.loads(pickle.dumps(Bunch(a=1, b=[2])), trusted=["statsmodels"])
    assert type(found) is Bunch and found == {"a": 1, "b": [2]} and found.a == 1


def test_nothing_of_it_loads_without_the_pack() -> None:
    with pytest.raises(UntrustedError) as caught:
        perdure.loads(pickle.dumps(made("OLS")))
    assert "statsmodels.regression.linear_model.RegressionResultsWrapper" in caught.value.names
