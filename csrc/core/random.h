/* A stream of random bits that a key determines: xoshiro256++ (Blackman & Vigna 2021), its state filled by
 * splitmix64 (Steele, Lea & Flood 2014) from the key. */
#ifndef ATTAIN_CORE_RANDOM_H
#define ATTAIN_CORE_RANDOM_H

#include <stdint.h>

typedef struct {
    uint64_t word[4];
} random_stream;

/* The stream of this seed and this number; different pairs give unrelated streams. */
random_stream random_open(uint64_t seed, uint64_t number);

/* The next 64 bits. */
uint64_t random_next(random_stream *stream);

#endif
