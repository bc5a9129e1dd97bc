// Classes, exceptions, the collector, associative arrays, closures, ranges,
// threads, thread-local variables, module constructors, unit tests, and objects
// that only variables point to, global ones and those of threads.
module prog;

import core.memory : GC;
import core.runtime : Runtime, UnitTestResult;
import core.thread : Thread;
import std.algorithm : filter, map, sort, sum;
import std.array : array;
import std.conv : to, ConvException;
import std.range : iota;
import std.stdio;
import std.format : format;

int perThread = 5; // each thread has one
__gshared int plain;

interface Named { string name(); }

abstract class Shape : Named {
    abstract double area();
    override string toString() { return format("%s of %.2f", name, area); }
}

class Square : Shape {
    private double side;
    this(double side) { this.side = side; }
    override double area() { return side * side; }
    override string name() { return "square"; }
    invariant { assert(side >= 0, "negative side"); }
}

class Problem : Exception {
    int code;
    this(int code) { super("problem " ~ code.to!string); this.code = code; }
}

struct Guard {
    string what;
    ~this() { if (what) writeln("guard ", what); }
}

int level(int depth)
{
    scope (exit) writeln("leaving ", depth);
    scope (failure) write("failed, ");
    auto guard = Guard(depth.to!string);
    if (depth == 2)
        throw new Problem(42);
    return level(depth + 1);
}

int delegate(int) adder(int by) { return (int x) => x + by; }

class Node { Node next; int[100] data; }

UnitTestResult testAndGoOn()
{
    UnitTestResult result;
    foreach (m; ModuleInfo)
        if (m && m.name == "prog" && m.unitTest)
            m.unitTest()();
    result.runMain = true;
    return result;
}

shared static this()
{
    writeln("module constructor");
    Runtime.extendedModuleUnitTester = &testAndGoOn;
}
shared static ~this() { writeln("module destructor"); }
static this() { perThread++; }
static ~this() { if (perThread == 6) writeln("thread's destructor"); }

unittest
{
    assert(adder(1)(2) == 3);
    writeln("unit test");
}

__gshared int nDestroyed;

class Held
{
    int value;
    this(int value) { this.value = value; }
    ~this() { nDestroyed++; }
}

// Gets the memory of those that were destroyed.
class Other { int value = -1; }

__gshared Held[10] global;
Held[10] threads;

void hold()
{
    foreach (i; 0 .. 10) {
        global[i] = new Held(i);
        threads[i] = new Held(10 * i);
    }
}

// Leaves no pointers where the next call's frames lie.
void sweep(int depth)
{
    char[1000] room = 0;
    if (depth)
        sweep(depth - 1);
}

int heldAfterCollection()
{
    hold();
    sweep(20);
    GC.collect();
    foreach (i; 0 .. 10_000)
        new Other;
    int sum;
    foreach (i; 0 .. 10)
        sum += global[i].value + threads[i].value;
    return sum;
}

int main(string[] args)
{
    writeln(args[1 .. $]);
    Shape[] shapes = [new Square(1.5), new Square(2)];
    writeln(shapes.map!(s => s.to!string));
    try
        level(0);
    catch (Problem p)
        writeln("caught ", p.msg, " ", p.code);
    int[string] counts;
    foreach (word; ["the", "cat", "the", "hat"])
        counts[word]++;
    foreach (key; counts.keys.sort)
        writef("%s=%d ", key, counts[key]);
    writeln("cat" in counts ? "found" : "none", ", ", counts.length);
    writeln(iota(1, 20).filter!(i => i % 3 == 0).map!(i => i * i).sum);
    Node list;
    foreach (i; 0 .. 20_000) {
        auto node = new Node;
        node.data[0] = i;
        if (i % 100 == 0) { node.next = list; list = node; }
    }
    GC.collect();
    int n, total;
    for (auto node = list; node; node = node.next) { n++; total += node.data[0]; }
    writeln(n, " ", total);
    int held = heldAfterCollection();
    writeln("held ", held, ", destroyed ", nDestroyed);
    auto thread = new Thread({
        plain = ++perThread;
        held = heldAfterCollection();
    });
    thread.start();
    thread.join();
    writeln("held ", held);
    writeln(plain, " ", perThread, " ", adder(10)(5));
    try { writeln("x1".to!int); } catch (ConvException e) writeln("no number");
    auto shape = cast(Object) shapes[0];
    writeln(cast(Named) shape !is null, " ", cast(Problem) shape is null, " ", typeid(shape), " ", typeid(int[string]));
    int[] small = [1, 2, 3];
    size_t index = args.length + 5;
    try
        writeln(small[index]);
    catch (Error e)
        writeln("range ", e.msg.length > 0);
    return 7;
}
