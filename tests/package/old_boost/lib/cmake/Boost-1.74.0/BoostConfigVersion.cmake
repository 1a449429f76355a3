# Stands for the older Boost that Debian 12 may have beside 1.81.
set(PACKAGE_VERSION 1.74.0)
set(PACKAGE_VERSION_COMPATIBLE FALSE)
