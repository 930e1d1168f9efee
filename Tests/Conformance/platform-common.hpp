// What every Linux of ours offers, as far as libzmq's test programs ask. The files beside this one
// say what a library offers; test_capabilities compares that with the library's own zmq_has().
#pragma once

#define ZMQ_HAVE_LINUX
#define HAVE_FORK
#define HAVE_MKDTEMP
#define ZMQ_HAVE_UIO
#define ZMQ_HAVE_SO_PEERCRED
#define ZMQ_HAVE_SO_PRIORITY

// For the few sources of libzmq's that test_security_curve is built with.
#define HAVE_CLOCK_GETTIME
#define ZMQ_IOTHREAD_POLLER_USE_EPOLL
#define ZMQ_POLL_BASED_ON_POLL
#define ZMQ_USE_CV_IMPL_STL11
#define ZMQ_CACHELINE_SIZE 64
