def announce_request_changes(events):
    pass
