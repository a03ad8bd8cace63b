"""runs a Python's own test_pickle with our reader in place of _pickle's"""
import sys; sys.path.insert(0, sys.argv[1]); 
import _pickle, pickle, unittest
from perdure._engine import reader as R
for n in 'Unpickler','load','loads':
    setattr(_pickle,n,getattr(R,n)); setattr(pickle,n,getattr(R,n))
import test.pickletester, test.test_pickle as T
def names(s):
    for t in s:
        if isinstance(t,unittest.TestSuite): yield from names(t)
        else: yield t
suite=unittest.defaultTestLoader.loadTestsFromModule(T)
sel=unittest.TestSuite(t for t in names(suite) if 'SizeofTests' not in t.id() and not ('.Py' in t.id()) and 'CompatPickle' not in t.id())
r=unittest.TextTestRunner(verbosity=0,failfast=False).run(sel)
