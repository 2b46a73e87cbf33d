"""Philox4x32-10 and the shuffle within cells, in Python's own integers."""

MASK = 0xFFFFFFFF


def philox4x32(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


def shuffle_within_cells(key, item, replicate, cells):
    """Fisher-Yates in each cell, cells in order of first appearance; order[k] goes to k."""
    key, item = int(key), int(item)
    order = list(range(len(cells)))
    block, words = 0, []
    for cell in dict.fromkeys(cells):
        members = [k for k in range(len(cells)) if cells[k] == cell]
        for i in range(len(members) - 1, 0, -1):
            if not words:
                words = philox4x32(
                    (block, int(replicate), item & MASK, item >> 32), (key & MASK, key >> 32)
                )
                block += 1
            j = (words.pop(0) * (i + 1)) >> 32
            a, b = members[i], members[j]
            order[a], order[b] = order[b], order[a]
    return order


def fold_cells(key, cells):
    """MurmurHash3's finaliser after every sample; cells numbered by first appearance."""
    numbers = {cell: i + 1 for i, cell in enumerate(dict.fromkeys(cells))}
    key = int(key)
    for cell in cells:
        key ^= numbers[cell]
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            key ^= key >> 33
            key = key * factor & 0xFFFFFFFFFFFFFFFF
        key ^= key >> 33
    return key
