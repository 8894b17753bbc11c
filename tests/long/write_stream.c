/* Writes the words that a simulation draws, block after block, to standard output until nobody reads: 4000 words a
 * block, as twenty indicators over five years take. For batteries of statistical tests. */
#include <stdint.h>
#include <stdio.h>

#include "attain/random.h"

#define WORDS 4000

int main(void)
{
    static uint64_t word[WORDS];
    for (uint64_t block = 0;; block++) {
        att_stream stream = att_stream_open(1, 0, block);
        for (int i = 0; i < WORDS; i++) word[i] = att_stream_next(&stream);
        if (fwrite(word, sizeof *word, WORDS, stdout) < WORDS) return 0;
    }
}
