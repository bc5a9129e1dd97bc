// C++17 over bcc.h: a script that frees itself, errors as exceptions, functions
// and variables with their types. Header-only.
//
//     bcc::script script;
//     script.read("filter.bc").link("vendor.bc").prepare("cache", "filter");
//     int (*blend)(int, int) = script.function<int(int, int)>("blend");
//
// Ownership, threads and errors are those of bcc.h; the name of each C function
// is given where a function here is not named like it.
#ifndef BCC_BCC_HPP
#define BCC_BCC_HPP

#include <bcc/bcc.h>

#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace bcc {

// What a function of the script could not do. what() is bccGetErrorMessage();
// code() one of BCC_INVALID_ENUM and the others of bcc.h.
class error : public std::runtime_error {
public:
    error(const std::string &message, int code)
        : std::runtime_error(message), code_(code)
    {
    }
    int code() const noexcept { return code_; }

private:
    int code_;
};

// A script: input, then prepare(), then look up. It moves, and is not copied.
// Functions return the script itself, so that calls can be chained.
class script {
public:
    script() : handle_(bccCreateScript())
    {
        if (!handle_)
            throw std::bad_alloc();
    }
    ~script() { bccDisposeScript(handle_); }
    script(script &&other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)),
          symbols_(std::move(other.symbols_))
    {
    }
    script &operator=(script &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        std::swap(symbols_, other.symbols_);
        return *this;
    }
    script(const script &) = delete;
    script &operator=(const script &) = delete;

    // For the functions of bcc.h that are not here. The script owns it.
    BCCScriptRef get() const noexcept { return handle_; }

    // ---- Input ----

    script &read(const std::string &path, unsigned long flags = 0)
    {
        return check(bccReadFile(handle_, path.c_str(), flags));
    }
    // Bitcode in memory. The script copies it.
    script &read(const std::string &name, const void *bitcode, std::size_t size,
                 unsigned long flags = 0)
    {
        return check(bccReadBC(handle_, name.c_str(),
                               static_cast<const char *>(bitcode), size,
                               flags | BCC_COPY_INPUT));
    }
    // Code that `bcc compile` made.
    script &read_executable(const std::string &path)
    {
        return check(bccReadExecutableFile(handle_, path.c_str(), 0));
    }
    script &link(const std::string &path, unsigned long flags = 0)
    {
        return check(bccLinkFile(handle_, path.c_str(), flags));
    }
    script &link_shared(const std::string &name, unsigned long flags = 0)
    {
        return check(bccLinkSharedLibrary(handle_, name.c_str(), flags));
    }
    // bccMarkExternalSymbol()
    script &keep(const std::string &name)
    {
        bccMarkExternalSymbol(handle_, name.c_str());
        return check(bccGetErrorMessage(handle_)[0] != '\0');
    }
    // bccRegisterSymbolCallback(): a function from the name of an undefined
    // symbol to its address, or nullptr. It must not throw.
    script &symbols(std::function<void *(const char *)> lookup)
    {
        auto kept = std::make_unique<std::function<void *(const char *)>>(
            std::move(lookup));

        check(bccRegisterSymbolCallback(handle_, call_lookup, kept.get()));
        symbols_ = std::move(kept);
        return *this;
    }
    script &options(const BCCOptions &options)
    {
        return check(bccSetOptions(handle_, &options));
    }

    // Where a miss is compiled, BCC_JIT_..., and how far, BCC_TIER_...; all
    // other options become the defaults.
    script &compile_by(int jit, int tier = BCC_TIER_AUTO)
    {
        BCCOptions chosen{};

        chosen.size = sizeof(chosen);
        chosen.jit = jit;
        chosen.tier = tier;
        return options(chosen);
    }

    // ---- Prepare ----

    // bccPrepareExecutable()
    script &prepare(const std::string &cache_dir, const std::string &cache_name,
                    unsigned long flags = 0)
    {
        return check(bccPrepareExecutable(handle_, cache_dir.c_str(),
                                          cache_name.c_str(), flags));
    }
    // Without a cache.
    script &prepare(unsigned long flags = 0)
    {
        return check(bccPrepareExecutable(handle_, nullptr, nullptr, flags));
    }
    BCCReport report() const
    {
        BCCReport report{};

        report.size = sizeof(report);
        bccGetReport(handle_, &report);
        return report;
    }
    bool is_hit() const { return report().cache == BCC_CACHE_HIT; }
    // Functions are compiled when they are first called.
    bool is_lazy() const { return report().lazy != 0; }

    // ---- Look up ----

    // bccGetFuncAddr(): F is the type of the function, as in
    // function<int(int, int)>("blend"). Throws if there is none of that name.
    template <typename F> F *function(const char *name) const
    {
        static_assert(std::is_function_v<F>, "a function's type is needed");
        return reinterpret_cast<F *>(
            found(bccGetFuncAddr(handle_, name), "function", name));
    }
    // bccGetVarAddr()
    template <typename T> T &variable(const char *name) const
    {
        static_assert(std::is_object_v<T>, "a variable's type is needed");
        return *static_cast<T *>(
            found(bccGetVarAddr(handle_, name), "variable", name));
    }

private:
    script &check(int failed)
    {
        if (failed)
            throw error(bccGetErrorMessage(handle_), take_code());
        return *this;
    }
    int take_code()
    {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        return bccGetError(handle_);
#pragma GCC diagnostic pop
    }
    static void *found(void *address, const char *kind, const char *name)
    {
        if (!address)
            throw error(std::string("the script has no ") + kind + " '" + name +
                            "'",
                        BCC_INVALID_VALUE);
        return address;
    }
    static void *call_lookup(void *context, const char *name)
    {
        return (*static_cast<std::function<void *(const char *)> *>(context))(
            name);
    }

    BCCScriptRef handle_;
    std::unique_ptr<std::function<void *(const char *)>> symbols_;
};

} // namespace bcc

#endif
