const char *name(void)
{
    return "first";
}
