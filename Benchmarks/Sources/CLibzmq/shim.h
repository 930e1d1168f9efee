// The distribution's libzmq, as it is installed.
#include <zmq.h>
