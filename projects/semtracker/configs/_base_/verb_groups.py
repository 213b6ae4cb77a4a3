# Thirds of SynSMOT's 32 verbs by frames as subject or object in the training split of
# `small`, seed 0, as tools/episode_statistics.py prints them.
verb_groups = dict(
    head=[
        'approach.v.01', 'talk.v.01', 'follow.v.01', 'receive.v.01',
        'leave.v.01', 'accompany.v.02', 'dance.v.01', 'chase.v.01',
        'flee.v.01', 'wheel.v.01', 'beckon.v.01'
    ],
    middle=[
        'catch.v.04', 'throw.v.01', 'pass.v.05', 'call.v.03',
        'embrace.v.02', 'handshake.n.01', 'ride.v.01', 'sit.v.01',
        'lead.v.01', 'look.v.01', 'bounce.v.01'
    ],
    tail=[
        'photograph.v.01', 'applaud.v.01', 'drink.v.01',
        'indicate.v.02', 'give.v.03', 'push.v.01', 'carry.v.01',
        'dodge.v.01', 'hold.v.02', 'lift.v.02'
    ])
