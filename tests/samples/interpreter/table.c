/* Tables: open addressing with linear probing, at most three quarters full. */
#include "tarn.h"

#include <stdlib.h>
#include <string.h>

struct table *table_new(struct vm *vm)
{
    struct table *table = memory_allocate(vm, sizeof(struct table));

    memset(table, 0, sizeof(*table));
    table->object.type = OBJECT_TABLE;
    table->object.next = vm->objects;
    vm->objects = &table->object;
    return table;
}

static uint64_t mix(uint64_t bits)
{
    bits ^= bits >> 32;
    bits *= 0x9e3779b97f4a7c15u;
    return bits ^ bits >> 29;
}

static uint64_t hash_value(struct value key)
{
    uint64_t bits;

    switch (key.type) {
    case VALUE_NUMBER:
        key.as.number += 0.0; /* -0 and 0 are one key */
        memcpy(&bits, &key.as.number, sizeof(bits));
        return mix(bits);
    case VALUE_BOOL:
        return key.as.boolean ? 1 : 2;
    case VALUE_OBJECT:
        if (key.as.object->type == OBJECT_STRING)
            return ((struct string *)key.as.object)->hash;
        return mix((uint64_t)(uintptr_t)key.as.object);
    default:
        return 0;
    }
}

/* The entry of the key, or the first free one that it could take. */
static struct table_entry *find_entry(struct table_entry *entries,
                                      size_t capacity, struct value key)
{
    struct table_entry *reusable = NULL;
    size_t i = hash_value(key) & (capacity - 1);

    for (;; i = (i + 1) & (capacity - 1)) {
        struct table_entry *entry = &entries[i];

        if (entry->key.type == VALUE_NIL) {
            if (!entry->dead)
                return reusable ? reusable : entry;
            if (!reusable)
                reusable = entry;
        } else if (value_equal(entry->key, key)) {
            return entry;
        }
    }
}

static void grow(struct vm *vm, struct table *table)
{
    size_t capacity = 8;
    struct table_entry *entries;

    while (capacity < table->count * 2 + 2)
        capacity *= 2;
    entries = memory_allocate(vm, capacity * sizeof(*entries));
    memset(entries, 0, capacity * sizeof(*entries));
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].key.type != VALUE_NIL)
            *find_entry(entries, capacity, table->entries[i].key) =
                table->entries[i];
    }
    vm->allocated -= table->capacity * sizeof(*entries);
    free(table->entries);
    table->entries = entries;
    table->capacity = capacity;
    table->used = table->count;
}

struct value table_get(const struct table *table, struct value key)
{
    const struct table_entry *entry;

    if (!table->count || key.type == VALUE_NIL)
        return nil_value();
    entry = find_entry(table->entries, table->capacity, key);
    return entry->key.type == VALUE_NIL ? nil_value() : entry->value;
}

void table_set(struct vm *vm, struct table *table, struct value key,
               struct value value)
{
    struct table_entry *entry;

    if (key.type == VALUE_NIL ||
        (key.type == VALUE_NUMBER && key.as.number != key.as.number))
        vm_error(vm, "%s cannot be a key",
                 key.type == VALUE_NIL ? "nil" : "nan");
    if ((table->used + 1) * 4 > table->capacity * 3)
        grow(vm, table);
    entry = find_entry(table->entries, table->capacity, key);
    if (entry->key.type == VALUE_NIL) {
        table->count++;
        if (!entry->dead)
            table->used++;
        entry->dead = false;
        entry->key = key;
    }
    entry->value = value;
}

bool table_delete(struct table *table, struct value key)
{
    struct table_entry *entry;

    if (!table->count || key.type == VALUE_NIL)
        return false;
    entry = find_entry(table->entries, table->capacity, key);
    if (entry->key.type == VALUE_NIL)
        return false;
    entry->key = nil_value();
    entry->value = nil_value();
    entry->dead = true;
    table->count--;
    return true;
}

const struct table_entry *table_next(const struct table *table,
                                     size_t *position)
{
    while (*position < table->capacity) {
        const struct table_entry *entry = &table->entries[(*position)++];

        if (entry->key.type != VALUE_NIL)
            return entry;
    }
    return NULL;
}
