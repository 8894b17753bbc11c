/* Which parts are known already? */
#include "joint_memo.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* A part depends on its indicator, and on what the other ones make of the integral: its years and its variables. */
typedef struct {
    uint64_t key;
    size_t years, factors;
    int32_t *year;  /* (years) */
    size_t *shared; /* (factors, years) */
    joint_part part;
    joint_source source;
} memo_entry;

struct att_joint_memo {
    size_t entries, most;
    memo_entry **entry;
};

static void forget(memo_entry *e)
{
    if (!e) return;
    joint_source_free(&e->source);
    joint_part_free(&e->part);
    free(e->year);
    free(e->shared);
    free(e);
}

static void forget_all(att_joint_memo *memo)
{
    for (size_t i = 0; i < memo->entries; i++) forget(memo->entry[i]);
    memo->entries = 0;
}

att_joint_memo *att_joint_memo_new(size_t most)
{
    att_joint_memo *memo = new_block(1, 1, 1, sizeof *memo);
    if (!memo) return NULL;
    memo->most = most > ATT_JOINT_MOST_BOUNDS ? most : ATT_JOINT_MOST_BOUNDS;
    memo->entry = new_block(memo->most, 1, 1, sizeof(memo_entry *));
    if (memo->entry) return memo;
    free(memo);
    return NULL;
}

void att_joint_memo_free(att_joint_memo *memo)
{
    if (!memo) return;
    forget_all(memo);
    free(memo->entry);
    free(memo);
}

void joint_memo_reserve(att_joint_memo *memo, size_t parts)
{
    if (memo->entries + parts > memo->most) forget_all(memo);
}

static int is_same(const memo_entry *e, uint64_t key, const joint_task *task, const joint_layout *layout)
{
    return e->key == key && e->years == task->years && e->factors == task->joint->factors &&
           memcmp(e->year, task->year, e->years * sizeof *e->year) == 0 &&
           memcmp(e->shared, layout->shared, e->years * e->factors * sizeof *e->shared) == 0;
}

static att_status read_part(memo_entry *e, uint64_t key, const joint_task *task, size_t indicator,
                            const joint_layout *layout)
{
    joint_layout same = *layout;
    e->key = key;
    e->years = task->years;
    e->factors = task->joint->factors;
    e->year = new_block(e->years, 1, 1, sizeof *e->year);
    e->shared = new_block(e->factors, e->years, 1, sizeof *e->shared);
    if (!e->year || !e->shared) return ATT_NO_MEMORY;
    memcpy(e->year, task->year, e->years * sizeof *e->year);
    memcpy(e->shared, layout->shared, e->factors * e->years * sizeof *e->shared);
    e->source.part = &e->part;
    return joint_part_open(task, indicator, &same, &e->part);
}

att_status joint_memo_source(att_joint_memo *memo, uint64_t key, const joint_task *task, size_t indicator,
                             const joint_layout *layout, joint_source **source)
{
    for (size_t i = 0; i < memo->entries; i++) {
        if (!is_same(memo->entry[i], key, task, layout)) continue;
        *source = &memo->entry[i]->source;
        return ATT_OK;
    }
    memo_entry *e = memo->entries < memo->most ? new_block(1, 1, 1, sizeof *e) : NULL;
    att_status status = e ? read_part(e, key, task, indicator, layout) : ATT_NO_MEMORY;
    if (status != ATT_OK) {
        forget(e);
        return status;
    }
    memo->entry[memo->entries++] = e;
    *source = &e->source;
    return ATT_OK;
}
