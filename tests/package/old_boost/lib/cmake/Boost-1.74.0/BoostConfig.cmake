message(FATAL_ERROR "Boost 1.74 was taken although 1.81 is asked for")
