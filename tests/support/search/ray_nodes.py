"""A cluster of two Ray nodes on this machine, with one core each, until the input ends."""

import sys

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.add_node(num_cpus=1)
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line == "kill\n" and cluster.head_node is not None:
            cluster.head_node.kill_gcs_server(check_alive=False)
            print("killed", flush=True)
    cluster.shutdown()
