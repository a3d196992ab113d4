# Seeded graphs for docs/scale.md: raw little-endian arrays in the folder given. The
# peers and Comity read the same files. Seed and recipe never change, so figures can be compared.
import json
import sys
import numpy as np

folder = sys.argv[1] + "/"
rng = np.random.default_rng(7)
E = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000

# A time-ordered graph of 4 M transactions and 10 M spends u -> v (u < v), sorted by v; heavy-tailed
# gaps, hubs of up to some 17,000 outputs.
N = E * 4 // 10
deg = np.maximum(np.minimum(rng.zipf(2.2, N), 500), 1)
v = np.repeat(np.arange(N, dtype=np.int64), deg)
if len(v) >= E:
    v = v[np.sort(rng.choice(len(v), E, replace=False))]
else:
    v = np.sort(np.concatenate([v, rng.integers(1, N, E - len(v))]))
v = np.maximum(v, 1)
gap = np.floor(rng.pareto(0.6, E) * 20) + 1
u = v - np.minimum(gap, v).astype(np.int64)
hub = rng.random(E) < 0.2
u[hub] = (u[hub] // 997) * 997
u = np.minimum(u, v - 1)
value = np.maximum(1, np.exp(rng.normal(14, 3, E))).astype(np.int64)
u.astype("<u4").tofile(folder + "spend_from.u32")
v.astype("<u4").tofile(folder + "spend_to.u32")
value.astype("<u8").tofile(folder + "spend_value.u64")

# Transfers: 10 M between 2 M accounts, in time order.
M = E * 2 // 10
perm = rng.permutation(M)
payer = perm[(M * rng.random(E) ** 4).astype(np.int64)]
payee = perm[(M * rng.random(E) ** 3).astype(np.int64)]
amount = np.maximum(1, np.exp(rng.normal(14, 2, E))).astype(np.int64)
payer.astype("<u4").tofile(folder + "transfer_from.u32")
payee.astype("<u4").tofile(folder + "transfer_to.u32")
amount.astype("<u8").tofile(folder + "transfer_amount.u64")

# Pairs of addresses that spend together: 10 M of 12 M addresses.
A = E * 12 // 10
a = rng.integers(0, A, E)
b = (a + 1 + np.floor(rng.pareto(0.5, E) * 3)).astype(np.int64) % A
again = rng.random(E) < 0.15
b[again] = (A * rng.random(again.sum()) ** 8).astype(np.int64)
a.astype("<u4").tofile(folder + "pair_a.u32")
b.astype("<u4").tofile(folder + "pair_b.u32")

# Last, so that a folder with it is whole.
with open(folder + "sizes.json", "w") as file:
    json.dump({"edges": E, "transactions": N, "accounts": M, "addresses": A}, file)
