int vendor_scale(int value);

int blend(int a, int b)
{
    return vendor_scale(a) + b;
}
