// Virtual calls: shapes of four classes in one array.
#include <cstdio>
#include <memory>
#include <vector>

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual void grow(double by) = 0;
};

struct Circle final : Shape {
    double r;
    explicit Circle(double r) : r(r) {}
    double area() const override { return 3.14159265 * r * r; }
    void grow(double by) override { r += by; }
};

struct Square : Shape {
    double a;
    explicit Square(double a) : a(a) {}
    double area() const override { return a * a; }
    void grow(double by) override { a += by; }
};

struct Rectangle final : Square {
    double b;
    Rectangle(double a, double b) : Square(a), b(b) {}
    double area() const override { return a * b; }
};

struct Triangle final : Shape {
    double base, height;
    Triangle(double b, double h) : base(b), height(h) {}
    double area() const override { return base * height / 2; }
    void grow(double by) override { height += by; }
};

} // namespace

int main()
{
    std::vector<std::unique_ptr<Shape>> shapes;
    unsigned state = 12345;
    double sum = 0;

    for (int i = 0; i < 1000; i++) {
        state = state * 1664525u + 1013904223u;
        switch (state >> 30) {
        case 0: shapes.push_back(std::make_unique<Circle>(1)); break;
        case 1: shapes.push_back(std::make_unique<Square>(2)); break;
        case 2: shapes.push_back(std::make_unique<Rectangle>(1, 3)); break;
        default: shapes.push_back(std::make_unique<Triangle>(2, 2)); break;
        }
    }
    for (int round = 0; round < 60000; round++)
        for (auto &shape : shapes) {
            shape->grow(1e-6);
            sum += shape->area();
        }
    std::printf("%.3f\n", sum);
}
