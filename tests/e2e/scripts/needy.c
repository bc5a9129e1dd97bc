/* Needs three functions and a variable that it does not define; offset.c
 * defines them. */
int first_need(int x);
int second_need(int x);
int third_need(int x);
extern int fourth_need;

int needy(int x);

int needy(int x)
{
    return first_need(x) + second_need(x) + third_need(x) + fourth_need;
}
