/* Parts that were read before, by the key that a caller gave their indicator. */
#ifndef ATTAIN_CORE_JOINT_MEMO_H
#define ATTAIN_CORE_JOINT_MEMO_H

#include "joint_source.h"

/* Makes room for so many parts, if need be by forgetting all. */
void joint_memo_reserve(att_joint_memo *memo, size_t parts);

/* The source of an indicator with active bounds: the one remembered if the variables of the integral are the same, else
 * read anew. ATT_NO_MEMORY, statuses of joint_part_open, or ATT_OK. */
att_status joint_memo_source(att_joint_memo *memo, uint64_t key, const joint_task *task, size_t indicator,
                             const joint_layout *layout, joint_source **source);

#endif
