"""Invented names of the city's people, districts and communities, Chinese and English."""

SURNAMES = (
    ("陈", "Chen"), ("李", "Li"), ("黄", "Huang"), ("张", "Zhang"), ("梁", "Liang"), ("林", "Lin"), ("何", "He"), ("吴", "Wu"),
    ("罗", "Luo"), ("郭", "Guo"), ("谢", "Xie"), ("邓", "Deng"), ("冯", "Feng"), ("曾", "Zeng"), ("叶", "Ye"), ("周", "Zhou"),
)  # fmt: skip
GIVEN = (
    ("嘉怡", "Jiayi"), ("志明", "Zhiming"), ("美玲", "Meiling"), ("伟强", "Weiqiang"), ("晓彤", "Xiaotong"), ("俊杰", "Junjie"),
    ("淑芬", "Shufen"), ("建华", "Jianhua"), ("思敏", "Simin"), ("浩然", "Haoran"), ("秀英", "Xiuying"), ("国强", "Guoqiang"),
    ("雅文", "Yawen"), ("子轩", "Zixuan"), ("丽华", "Lihua"), ("永康", "Yongkang"), ("佩珊", "Peishan"), ("文博", "Wenbo"),
)  # fmt: skip
DISTRICTS = (
    ("临江区", "Linjiang District"), ("望海区", "Wanghai District"), ("东湖区", "Donghu District"),
    ("西岭区", "Xiling District"), ("云山区", "Yunshan District"), ("港城区", "Gangcheng District"),
    ("新城区", "Xincheng District"),
)  # fmt: skip
COMMUNITIES = (
    ("碧波花园", "Bibo Garden"), ("星河湾", "Xinghe Bay"), ("锦绣里", "Jinxiu Lane"), ("翠竹苑", "Cuizhu Court"),
    ("海棠居", "Haitang House"), ("书香庭", "Shuxiang Court"), ("荔枝园", "Lychee Orchard"), ("听涛阁", "Tingtao Pavilion"),
)  # fmt: skip
ROADS = (
    ("滨海路", "Binhai Road"), ("江岸大道", "Jiang'an Avenue"), ("荔湖路", "Lihu Road"), ("学府街", "Xuefu Street"),
    ("云溪路", "Yunxi Road"), ("港湾大道", "Gangwan Avenue"),
)  # fmt: skip


def pick(names: tuple[tuple[str, str], ...], index: int) -> dict[str, str]:
    """The name at ``index``; past the end of the list the names begin anew with a number."""
    zh, en = names[index % len(names)]
    round_ = index // len(names)
    return {"zh": zh, "en": en} if round_ == 0 else {"zh": f"{zh}{round_ + 1}期", "en": f"{en} {round_ + 1}"}
