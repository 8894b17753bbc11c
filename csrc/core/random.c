/* Which bits follow from a key? Two published generators, one to spread the key, one to run. */
#include "random.h"

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t split(uint64_t *state)
{
    return mixed(*state += 0x9e3779b97f4a7c15u);
}

random_stream random_open(uint64_t seed, uint64_t number)
{
    random_stream stream;
    uint64_t state = mixed(seed + 0x9e3779b97f4a7c15u) ^ mixed(~number);
    for (int i = 0; i < 4; i++) stream.word[i] = split(&state);
    return stream;
}

static uint64_t rotated(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t random_next(random_stream *stream)
{
    uint64_t *s = stream->word, result = rotated(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}
