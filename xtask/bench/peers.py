# One peer on the arrays of arrays.py: `peers.py FOLDER NAME`. Prints one line of JSON: seconds to
# load, wall and processor seconds of the computation, peak memory, the result.
import json
import resource
import sys
import time

import numpy as np

folder, name = sys.argv[1] + "/", sys.argv[2]
ADDRESSES = json.load(open(folder + "sizes.json"))["addresses"]
SOURCE = 1_000
CUT = 1e-9


def read(file, kind):
    return np.fromfile(folder + file, kind)


def spends():
    return (read("spend_from.u32", "<u4"), read("spend_to.u32", "<u4"), read("spend_value.u64", "<u8"))


def pairs():
    return read("pair_a.u32", "<u4"), read("pair_b.u32", "<u4")


def taint_scipy():
    import scipy.sparse as sp
    import scipy.sparse.linalg as sl
    u, v, value = spends()
    u, v, value = u.astype(np.int64), v.astype(np.int64), value.astype(float)
    n = int(v.max()) + 1
    total = np.bincount(v, weights=value, minlength=n)
    w = sp.csr_matrix((-(value / total[v]), (v, u)), (n, n)) + sp.identity(n, format="csr")
    w = w.tocsr()
    w.sort_indices()
    b = np.zeros(n)
    b[SOURCE] = 1
    # The source keeps its 1 whatever it spends: b starts there and its own row reads only zeros.
    yield
    f = sl.spsolve_triangular(w, b, lower=True)
    f.astype("<f8").tofile(folder + "taint_scipy.f64")
    yield {"transactions": int((f > CUT).sum()), "sum": round(float(f.sum()), 9)}


def duckdb_tables():
    import duckdb
    u, v, value = spends()
    u, v, value = u.astype(np.int32), v.astype(np.int32), value.astype(np.int64)
    c = duckdb.connect()
    c.execute("set threads=2; set memory_limit='12GB'")
    c.register("arrays", {"u": u, "v": v, "val": value})
    c.execute("create table e0 as select * from arrays")
    c.execute("create table e as select u, v, val / sum(val) over (partition by v) as sh from e0 order by u")
    return c


def taint_duckdb():
    c = duckdb_tables()
    yield
    c.execute(f"create table acc(v int, f double); create table fr as select {SOURCE}::int v, 1.0::double f")
    left = 1
    while left:
        c.execute("insert into acc select * from fr")
        c.execute("create or replace table nf as select e.v, sum(fr.f * e.sh) f from fr join e on e.u = fr.v"
                  f" group by e.v having sum(fr.f * e.sh) > {CUT}")
        c.execute("drop table fr; alter table nf rename to fr")
        left = c.execute("select count(*) from fr").fetchone()[0]
    count, total = c.execute("select count(*), sum(f) from (select v, sum(f) f from acc group by v)").fetchone()
    yield {"transactions": count, "sum": round(total, 9)}


def taint_duckdb_recursive():
    c = duckdb_tables()
    yield
    count, total = c.execute(f"""with recursive r(k, v, f) as (select 0, {SOURCE}::int, 1.0::double union all
        select k + 1, e.v, sum(r.f * e.sh) from r join e on e.u = r.v where k < 60
        group by k + 1, e.v having sum(r.f * e.sh) > {CUT})
        select count(distinct v), sum(f) from r""").fetchone()
    yield {"transactions": count, "sum": round(total, 9)}


def clusters_scipy():
    import scipy.sparse as sp
    import scipy.sparse.csgraph as g
    a, b = pairs()
    m = sp.coo_matrix((np.ones(len(a), np.int8), (a.astype(np.int32), b.astype(np.int32))), (ADDRESSES, ADDRESSES)).tocsr()
    yield
    count, labels = g.connected_components(m, directed=False)
    yield {"clusters": int(count), "largest": int(np.bincount(labels).max())}


def clusters_igraph():
    import igraph
    a, b = pairs()
    graph = igraph.Graph(n=ADDRESSES, edges=np.stack([a.astype(np.int64), b.astype(np.int64)], 1))
    yield
    members = np.array(graph.connected_components().membership)
    yield {"clusters": int(members.max()) + 1, "largest": int(np.bincount(members).max())}


def clusters_rustworkx():
    import rustworkx as rx
    a, b = pairs()
    graph = rx.PyGraph()
    graph.add_nodes_from(range(ADDRESSES))
    graph.add_edges_from_no_data(list(zip(a.tolist(), b.tolist())))
    yield
    found = rx.connected_components(graph)
    yield {"clusters": len(found), "largest": max(map(len, found))}


def clusters_graphsense():
    from gs_clustering import Clustering
    a, b = pairs()
    transactions = [[x, y] for x, y in zip(a.tolist(), b.tolist())]
    yield
    clustering = Clustering(max_address_id=ADDRESSES)
    clustering.process_transactions(transactions)
    labels = clustering.get_mapping().column(1).to_numpy()
    # It numbers 0 to the highest address inclusive, so it counts one address more.
    yield {"clusters": len(np.unique(labels)) - 1, "largest": int(np.bincount(labels.astype(np.int64)).max())}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


steps = globals()[name]()
started = time.time()
next(steps)
load, began, used = time.time() - started, time.time(), cpu()
result = next(steps)
wall, used = time.time() - began, cpu() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
print(json.dumps({"name": name, "load_s": load, "wall_s": wall, "cpu_s": used, "peak_gb": peak, "result": result}))
