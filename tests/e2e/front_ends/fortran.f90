! Arrays, allocatable and assumed-shape, modules, derived types with bound
! procedures, internal procedures as arguments, internal I/O, strings, complex numbers and recursion.
module shapes
  implicit none
  type, abstract :: shape
    character(len=:), allocatable :: name
  contains
    procedure(area_of), deferred :: area
  end type
  abstract interface
    real(8) function area_of(self)
      import :: shape
      class(shape), intent(in) :: self
    end function
  end interface
  type, extends(shape) :: square
    real(8) :: side
  contains
    procedure :: area => square_area
  end type
  integer, save :: n_calls = 0
  interface
    subroutine qsort(base, n, width, compare) bind(c)
      use iso_c_binding
      type(*) :: base(*)
      integer(c_size_t), value :: n, width
      type(c_funptr), value :: compare
    end subroutine
  end interface
contains
  ! libc calls a procedure that reads a variable of the one around it.
  subroutine sort(numbers, sign)
    use iso_c_binding
    integer(c_int), intent(inout) :: numbers(:)
    integer, intent(in) :: sign
    call qsort(numbers, int(size(numbers), c_size_t), 4_c_size_t, &
               c_funloc(compare))
  contains
    integer(c_int) function compare(x, y) bind(c)
      integer(c_int), intent(in) :: x, y
      compare = sign * (x - y)
    end function
  end subroutine

  real(8) function square_area(self)
    class(square), intent(in) :: self
    n_calls = n_calls + 1
    square_area = self%side**2
  end function

  subroutine scale_all(a, by)
    real, intent(inout) :: a(:, :)
    real, intent(in) :: by
    a = a * by
  end subroutine

  recursive integer(8) function factorial(n) result(f)
    integer, intent(in) :: n
    if (n <= 1) then
      f = 1
    else
      f = n * factorial(n - 1)
    end if
  end function
end module

program main
  use shapes
  implicit none
  real :: a(3, 4)
  real, allocatable :: b(:)
  integer :: i, j, status, numbers(5)
  class(shape), allocatable :: s
  complex(8) :: z
  character(len=20) :: text
  character(len=10) :: argument

  a = reshape([(real(i), i = 1, 12)], [3, 4])
  call scale_all(a(:, 2:3), 2.0)
  do i = 1, 3
    print '(4f7.1)', (a(i, j), j = 1, 4)
  end do
  allocate(b(0))
  do i = 1, 5
    b = [b, sqrt(real(i))]
  end do
  print '(a,i0,a,f8.4)', 'size ', size(b), ', sum ', sum(b)
  print *, matmul(a, transpose(a(1:1, :)))
  print *, maxval(a), minloc(a), count(a > 8), any(a < 0)
  s = square(name='square', side=1.5d0)
  write (*, '(a,1x,f6.3,1x,i0)') s%name, s%area(), n_calls
  z = exp((0d0, 1d0) * acos(-1d0))
  print '(2f8.4)', z
  write (text, '(i5.3,a,es10.3)') 42, '|', 12345.678
  print *, '[', trim(text), ']', factorial(20)
  read (text(1:5), *) i
  call get_command_argument(1, argument)
  print *, i, len_trim(argument), argument
  open (unit=10, status='scratch', form='formatted')
  write (10, *) 3, 4.5
  rewind (10)
  read (10, *, iostat=status) i, b(1)
  print *, i, b(1), status
  read (*, *, iostat=status) i, j
  print *, i + j, status
  allocate (b(3), stat=status)
  print *, status /= 0
  numbers = [4, 1, 3, 5, 2]
  call sort(numbers, 1)
  print *, numbers
  call sort(numbers, -1)
  print *, numbers
  stop 7
end program
