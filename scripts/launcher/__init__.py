# Boost Software License 1.0, see LICENSE
"""Starts the parts of a cluster on this machine: real Kafka brokers, redis-server and stompchat nodes, on loopback and on free ports.

A Part can be started, stopped, killed, held and started again; it keeps its port and its data. Parts end with the thread that started them,
so that a test that is killed leaves nothing behind, unless they are made with `outlive=True`.

    brokers = kafka.cluster(folder, count=3)        # [Kafka], ready
    server = redis.server(folder)                   # Redis, ready
    brokers[0].kill(); brokers[0].start()
"""
