"""A bridge for agents that ask by the Agent Approval Protocol (AAP 0.3, HTTP): each of their conversations is a run."""
