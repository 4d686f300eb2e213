"""Words that names are made of: places, sounds, trades and legal forms, Chinese and western."""

from __future__ import annotations


def _all(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


def _pairs(text: str) -> dict[str, str]:
    """Return words in pairs; an underline stands for a blank."""
    words = [word.replace("_", " ") for word in text.split()]
    return dict(zip(words[::2], words[1::2], strict=True))


PLACES = _all(
    """
    苏州 上海 深圳 东莞 宁波 无锡 常州 昆山 青岛 佛山 杭州 温州 台州 重庆 成都 武汉 长沙 合肥 南通 嘉兴
    中山 惠州 厦门 天津 沈阳 大连 郑州 济南 烟台 扬州 镇江 绍兴 湖州 金华 珠海 江门 芜湖 株洲 西安 洛阳
    """
)
PINYIN = _all(
    """
    Suzhou Shanghai Shenzhen Dongguan Ningbo Wuxi Changzhou Kunshan Qingdao Foshan Hangzhou Wenzhou
    Taizhou Chongqing Chengdu Wuhan Changsha Hefei Nantong Jiaxing Zhongshan Huizhou Xiamen Tianjin
    Shenyang Dalian Zhengzhou Jinan Yantai Yangzhou Zhenjiang Shaoxing Huzhou Jinhua Zhuhai Jiangmen
    Wuhu Zhuzhou Xian Luoyang
    """
)
SOUNDS = _pairs(
    """
    信 xin 鑫 xin 欣 xin 华 hua 桦 hua 达 da 宏 hong 鸿 hong 弘 hong 金 jin 锦 jin 晋 jin 诚 cheng
    成 cheng 瑞 rui 睿 rui 盛 sheng 晟 sheng 远 yuan 源 yuan 丰 feng 峰 feng 锋 feng 德 de 泰 tai
    恒 heng 亨 heng 立 li 力 li 利 li 通 tong 同 tong 明 ming 铭 ming 航 hang 宇 yu 裕 yu 创 chuang
    博 bo 联 lian 凯 kai 佳 jia 嘉 jia 伟 wei 威 wei 东 dong 正 zheng 安 an 兴 xing 星 xing 荣 rong
    融 rong 天 tian 海 hai 迈 mai
    """
)
TRADES = _pairs(
    """
    精密机械 Precision_Machinery 电子科技 Electronic_Technology 自动化设备 Automation_Equipment
    汽车零部件 Auto_Parts 五金制品 Hardware_Products 塑胶 Plastics 模具 Mould
    包装材料 Packaging_Materials 新能源 New_Energy 光电 Optoelectronics 轴承 Bearing
    医疗器械 Medical_Devices 化工 Chemical 纺织 Textile 电机 Motor 铝业 Aluminium 仪器仪表 Instruments
    传动 Transmission 阀门 Valve 贸易 Trading
    """
)
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司")
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志红玲斌"
OLDER = dict(
    zip(
        "华业东电机苏联达鸿锦诚远丰贸铝宁广温庆汉长连阳无龙实材设备简荣兴来轴传动阀门医疗纺织轮销总产",
        "華業東電機蘇聯達鴻錦誠遠豐貿鋁寧廣溫慶漢長連陽無龍實材設備簡榮興來軸傳動閥門醫療紡織輪銷總產",
        strict=True,
    )
)
"""Signs as Hong Kong and Taiwan write them."""
WEST = _all(
    """
    Brandt Keller Hofmann Voss Lindner Falk Reuter Steiner Berger Albrecht Moreau Girard Lefevre Rossi
    Bianchi Ferrari Conti Novak Dvorak Kowalski Nowak Jansen Bakker Visser Larsen Holm Berg Svensson
    Harper Whitfield Barlow Ashworth Pemberton Garcia Navarro Ortega Silva Costa Horvath Toth Popescu
    Ionescu Marek Kral Weiss
    """
)
WORK = _all(
    """
    Maschinenbau Antriebstechnik Werkzeuge Hydraulik Components Engineering Industries Electronics
    Automation Packaging Plastics Castings Systems Motion Bearings Logistics Medical Optics Controls
    Fasteners Tools Pumps
    """
)
LEGAL = (
    "GmbH",
    "GmbH & Co. KG",
    "AG",
    "Ltd",
    "Limited",
    "S.r.l.",
    "SAS",
    "B.V.",
    "A/S",
    "AB",
    "s.r.o.",
    "Inc.",
)
TOWNS = _all(
    """
    Köln Wien Lyon Milano Brno Poznań Malmö Leeds Utrecht Graz Porto Győr Bilbao Aarhus Gent Turku
    """
)
FIRST = _all(
    """
    Anna Peter Jan Maria Thomas Sofia Luca Pierre Erik Julia Martin Elena Paul Clara
    """
)
