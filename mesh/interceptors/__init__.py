"""What happens to every call before and after its handler, on the side that answers and on the side that asks.

Answering, in this order: telemetry → errors → load → deadline → identity and policy → validation → handler
(`answering.py`). The layers are plain objects called one after the other, and everything that depends on the method
alone is looked up once, when the server starts: a chain of grpc.aio interceptors would cost several times as much.
Asking: `asking.py`.
"""
