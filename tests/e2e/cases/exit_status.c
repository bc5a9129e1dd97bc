/* Only eight bits of main()'s value become the exit status.
 *
 * STATUS: 44
 */
int main(void)
{
    return 300;
}
