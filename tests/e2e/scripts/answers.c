/* Stands for PoCL's library: it answers where a work item is by variables that
 * PoCL's launcher defines, and no other host. */
#include <stddef.h>

extern size_t _local_id_x, _local_size_x, _group_id_x, _global_offset_x;
extern size_t _local_id_y, _local_size_y, _group_id_y, _global_offset_y;
extern unsigned _work_dim;

size_t get_global_id(unsigned dimension) __asm__("_Z13get_global_idj");
unsigned get_work_dim(void) __asm__("_Z12get_work_dimv");

size_t get_global_id(unsigned dimension)
{
    if (dimension == 0)
        return _local_id_x + _local_size_x * _group_id_x + _global_offset_x;
    return _local_id_y + _local_size_y * _group_id_y + _global_offset_y;
}

unsigned get_work_dim(void)
{
    return _work_dim;
}
