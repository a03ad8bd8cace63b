import sys; sys.path.insert(0,'src')
import pickle, math, datetime, decimal, uuid, collections, enum, dataclasses
from perdure._engine import reader as R
@dataclasses.dataclass
class P:
    x:int; y:str; z:float
@dataclasses.dataclass(slots=True)
class S:
    x:int; y:str
NT=collections.namedtuple('NT','a b c')
class E(enum.Enum): A=1;B=2
class Sub(list): pass
objs=[None,1,255,256,65536,-1,2**40,2**100,-2**70,1.5,'','a','é','abc','日本語','x'*300,'é'*300,'😀'*20,b'',b'abc',bytearray(b'x'*300),[],[1,2],(),(1,),(1,2),(1,2,3),(1,2,3,4),{},{'a':1},{'a':1,'b':2},{1:2,3:4},{(1,2):3},set(),{1,2},frozenset([1,2]),[[1,[2]],[{}]],P(1,'a',2.),[P(i,str(i),i/3) for i in range(10)],S(1,'b'),[S(i,'k') for i in range(5)],NT(1,2,3),[NT(i,2,3) for i in range(5)],E.A,[E.A,E.B,E.A],Sub([1,2]),
 collections.OrderedDict(a=1,b=2),collections.Counter('abca'),collections.defaultdict(list,a=[1]),datetime.datetime.now(),datetime.date.today(),decimal.Decimal('1.5'),uuid.uuid4(),complex(1,2),range(5),slice(1,2),[{'a':i,'b':str(i),'ccc':None} for i in range(100)],[i for i in range(5000)],{i:i for i in range(5000)},{str(i):i for i in range(5000)},math.sin,int]
for o in objs:
    for proto in range(6):
        try: s=pickle.dumps(o,proto)
        except TypeError: continue
        for _ in range(3):
            r=R.loads(s)
            assert type(r) is type(o) and (r==o), (o,proto,r)
import io
for o in objs:
    for proto in range(2,6):
        f=io.BytesIO(pickle.dumps(o,proto)*3)
        u=R.Unpickler(f)
        for _ in range(3): assert u.load()==o
        try: u.load(); assert 0
        except EOFError: pass
l=[];l.append(l); r=R.loads(pickle.dumps(l)); assert r[0] is r
d={};d['d']=d; r=R.loads(pickle.dumps(d)); assert r['d'] is r
print('ok')
