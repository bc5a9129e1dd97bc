/* Of the value that main() returns, eight bits arrive.
 *
 * STATUS: 44
 */
int main(void)
{
    return 300;
}
