"""Graphs and views of networkx, and what is in them."""

import networkx as nx


def _graphs() -> dict[str, object]:
    found = {}
    for kind in (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph):
        graph = kind(name="roads")
        graph.add_edge(1, 2, weight=3)
        graph.add_edge(2, "a")
        graph.add_node(5, color="red")
        found[kind.__name__] = graph.copy()
        name = kind.__name__
        _ = graph.adj, graph.nodes, graph.edges, graph.degree  # which the graph keeps from now on
        found[f"{name}, looked at"] = graph
        found |= {f"{name}.{view}": getattr(graph, view) for view in ("nodes", "edges", "degree", "adj")}
        found |= {f"{name}.nodes.data()": graph.nodes.data(), f"{name}.edges.data()": graph.edges.data("weight")}
        found |= {f"{name}: neighbours": graph.adj[2], f"{name}: some degrees": graph.degree([1, 2], weight="weight")}
        found[f"{name}: frozen"] = nx.freeze(graph.copy())
        if graph.is_directed():
            views = ("in_edges", "out_edges", "in_degree", "out_degree", "succ", "pred")
            found |= {f"{name}.{view}": getattr(graph, view) for view in views}
            found[f"{name}: reversed"] = graph.reverse(copy=False)
            found[f"{name}: data of in_edges"] = graph.in_edges.data()
        else:  # a part of a directed graph can't be pickled
            found[f"{name}: a part"] = graph.subgraph([1, 2])
            found[f"{name}: as directed"] = graph.to_directed(as_view=True)
    found["PlanarEmbedding"] = nx.check_planarity(nx.path_graph(4))[1]
    found["karate club"] = nx.karate_club_graph()
    return found


GRAPHS = _graphs()


def content(found: object) -> object:
    if isinstance(found, nx.Graph):
        return dict(found.graph), list(found.nodes(data=True)), list(found.edges(data=True)), nx.is_frozen(found)
    if hasattr(found, "items"):
        return [(key, content(value)) for key, value in found.items()]
    return list(found) if hasattr(found, "__iter__") and not isinstance(found, str) else found
