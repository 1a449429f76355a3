// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

namespace bench {

json to_json(const histogram& latency) {
    const auto microseconds = [&](double share) { return static_cast<double>(latency.quantile(share)) / 1000; };
    return {{"p50", microseconds(0.5)}, {"p99", microseconds(0.99)}, {"p999", microseconds(0.999)}, {"max", microseconds(1)}};
}

json to_json(const tally& what, const measurement& cost) {
    const double cpu = cost.cpu_microseconds();
    json result;
    result["deliveries"] = what.deliveries;
    result["lost"] = what.lost;
    result["repeated"] = what.repeated;
    result["seconds"] = cost.seconds();
    result["cpu_us"] = cpu;
    result["cpu_us_per_delivery"] = what.deliveries == 0 ? 0 : cpu / static_cast<double>(what.deliveries);
    result["latency_us"] = to_json(what.latency);
    return result;
}

} // namespace bench
