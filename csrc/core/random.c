/* Which bits follow from a key? Two published generators, one to spread the key, one to run. */
#include "attain/random.h"

#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t split(uint64_t *state)
{
    return mixed(*state += GOLDEN);
}

att_stream att_stream_open(uint64_t seed, uint64_t scenario, uint64_t block)
{
    att_stream stream = {.left = 0};
    uint64_t state = mixed(mixed(mixed(seed + GOLDEN) ^ ~scenario) + GOLDEN) ^ mixed(~block);
    for (int lane = 0; lane < ATT_STREAM_LANES; lane++)
        for (int i = 0; i < 4; i++) stream.word[i][lane] = split(&state);
    return stream;
}

static uint64_t rotated(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static void step(att_stream *stream)
{
    for (int lane = 0; lane < ATT_STREAM_LANES; lane++) {
        uint64_t a = stream->word[0][lane], b = stream->word[1][lane];
        uint64_t c = stream->word[2][lane] ^ a, d = stream->word[3][lane] ^ b;
        stream->ready[lane] = rotated(a + stream->word[3][lane], 23) + a;
        stream->word[0][lane] = a ^ d;
        stream->word[1][lane] = b ^ c;
        stream->word[2][lane] = c ^ (b << 17);
        stream->word[3][lane] = rotated(d, 45);
    }
    stream->left = ATT_STREAM_LANES;
}

uint64_t att_stream_next(att_stream *stream)
{
    if (stream->left == 0) step(stream);
    return stream->ready[ATT_STREAM_LANES - stream->left--];
}
