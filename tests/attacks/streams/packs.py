"""Names of libraries that have packs, in streams that nobody trusted with one: nothing of them is imported."""

from tests.attacks.assembler import build, call, filled, inst, name, new, obj, stream
from tests.attacks.streams.attack import UNTRUSTED, Family

family = Family("packs")
add = family.add

NAMES = (
    ("lightgbm.basic", "Booster"), ("lightgbm.sklearn", "LGBMClassifier"), ("lightgbm.basic", "_LIB"),
    ("xgboost.core", "Booster"), ("xgboost.sklearn", "XGBRegressor"), ("xgboost.callback", "TrainingCheckPoint"),
    ("torch._utils", "_rebuild_tensor_v2"), ("torch.storage", "_load_from_bytes"), ("torch", "load"),
    ("torch.nn.modules.linear", "Linear"), ("torch.serialization", "load"), ("torch.hub", "load"),
    ("statsmodels.base.data", "PandasData"), ("statsmodels.iolib.smpickle", "load_pickle"),
    ("statsmodels.tsa.statespace._representation", "dStatespace"), ("networkx.classes.graph", "Graph"),
    ("sklearn.tree._tree", "Tree"), ("joblib.numpy_pickle", "load"),
)  # fmt: skip
for _module, _path in NAMES:
    _where = name(_module, _path)
    for _how, _data in {
        "named": stream([_where]), "called": stream(call(_where, b"PK\x03\x04")), "NEWOBJ": stream(new(_where)), "INST": stream(inst(_module, _path, 1)),
        "OBJ": stream(obj(_where, 1)), "built": stream(build(new(_where), {"_handle": "tree", "handle": 1})), "filled": stream(filled(_where, ("a", 1))),
    }.items():  # fmt: skip
        add(f"{_module}.{_path}, {_how}", "a name of a library whose pack is not asked for", _data, UNTRUSTED)
