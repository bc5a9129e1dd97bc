int vendor_scale(int value)
{
    return 6 * value;
}
