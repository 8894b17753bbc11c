/* The one stream of random bits: xoshiro256++ (Blackman & Vigna 2021) in eight lanes, keyed by whom it serves.
 *
 * The words are those of lane 0, 1, ..., 7 after one step of each, then after the next. The states of the lanes are
 * filled by splitmix64 (Steele, Lea & Flood 2014) from a hash of the key, so that a key needs no stream before it:
 * block 7 of a simulation is the same whoever draws it, and when.
 */
#ifndef ATTAIN_RANDOM_H
#define ATTAIN_RANDOM_H

#include <stdint.h>

#define ATT_STREAM_LANES 8

typedef struct {
    uint64_t word[4][ATT_STREAM_LANES];
    uint64_t ready[ATT_STREAM_LANES]; /* of the last step; those not yet taken stand at the end */
    int left;
} att_stream;

/* The stream of this seed, scenario and block; different keys give unrelated streams. */
att_stream att_stream_open(uint64_t seed, uint64_t scenario, uint64_t block);

/* The next 64 bits. */
uint64_t att_stream_next(att_stream *stream);

#endif
