// What all workers do alike. Whatever stands in a measured loop is inline here, so that the same
// lines are compiled into the loops of every contender.
#ifndef CBENCH_H
#define CBENCH_H

#include "clock.h"
#include "job.h"
#include "machine.h"
#include "meter.h"
#include "payload.h"
#include "report.h"
#include "samples.h"
#include "telling.h"

#endif
