/* Builds the table of t_table.h: at x = FOLD u / (1 - u) the tail is Q, its slopes in u follow from the
 * density f by
 *
 *     dQ/du = -f x',   d2Q/du2 = -f (k x'^2 + x''),   k = f'/f = -(df + 1) x / (df + x^2),
 *     x' = FOLD / (1 - u)^2,   x'' = 2 FOLD / (1 - u)^3.
 *
 * The quintic's error is at most width^6 / 46080 times the sixth derivative of Q in u. Beyond the table the
 * tail is that of distribution.c with F(1/2, 1; df/2 + 1; -df/x^2) as a series in 1/x^2; 105/x^8 < 2e-15 is
 * left out.
 */
#include "t_table.h"

#include "attain/distribution.h"

#define LAST_NODE ((int)(T_TABLE_CELLS * T_TABLE_FARTHEST / (T_TABLE_FARTHEST + T_TABLE_FOLD)) + 1)

typedef struct {
    double value, slope, curve; /* Q and its derivatives, the unit being one cell */
} node;

static node node_at(int index, double df)
{
    double width = 1.0 / T_TABLE_CELLS, rest = 1 - index * width;
    double x = T_TABLE_FOLD * index * width / rest;
    double stretch = T_TABLE_FOLD / (rest * rest), bend = 2 * stretch / rest;
    double fall = -(1 + 1 / df) * x / (1 + x * x / df), density = exp(att_log_density(x, df));
    return (node){exp(att_log_tail(x, df, ATT_UPPER)), -density * stretch * width,
                  -density * (fall * stretch * stretch + bend) * width * width};
}

static void fill_cell(node a, node b, double *c)
{
    double rise = b.value - a.value - a.slope - 0.5 * a.curve;
    double lift = b.slope - a.slope - a.curve, bend = b.curve - a.curve;
    c[0] = a.value;
    c[1] = a.slope;
    c[2] = 0.5 * a.curve;
    c[3] = 10 * rise - 4 * lift + 0.5 * bend;
    c[4] = -15 * rise + 7 * lift - bend;
    c[5] = 6 * rise - 3 * lift + 0.5 * bend;
}

att_status t_table_build(double df, t_table *table)
{
    if (!(df >= 1)) return ATT_BAD_ARGUMENT;
    table->df = df;
    table->inverse_df = 1 / df;
    table->peak = exp(att_log_density(0, df));
    node left = node_at(0, df);
    for (int index = 0; index < LAST_NODE; index++) {
        node right = node_at(index + 1, df);
        fill_cell(left, right, table->cell[index]);
        left = right;
    }
    return ATT_OK;
}

void t_table_beyond(const t_table *table, double x, double *far_tail, double *density)
{
    double g = table->inverse_df, w = 1 / x / x, spread = 1 + g * x * x;
    double fall = g > 0 ? table->peak * pow(spread, -0.5 * table->df) : 0;
    double series = 1 - w / (1 + 2 * g) * (1 - 3 * w / (1 + 4 * g) * (1 - 5 * w / (1 + 6 * g)));
    *far_tail = fall * sqrt(w + g) * series;
    *density = fall / sqrt(spread);
}
