/* What stood here is in zmq.h. */
#include <zmq.h>
