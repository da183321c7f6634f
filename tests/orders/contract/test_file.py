"""A file of tracking numbers says what a carrier says over the inbox."""

from services.orders.tracking_file import Parcel, TrackingFile
from tests.support.golden import violations


def test_its_parcels_are_messages_as_the_inbox_has_them() -> None:
    rows = "o1,1,3,CJGLS,6400-1\no1,2,1,CJGLS,6400-1\no2,,,CJGLS,6400-2\n"
    told = TrackingFile(f"order_id,line_id,quantity,carrier,tracking_number\n{rows}".encode()).told
    messages = [one.message for one in told if isinstance(one, Parcel)]
    assert [violations(one.wire_type(), one.model_dump(mode="json")) for one in messages] == [[], []]
